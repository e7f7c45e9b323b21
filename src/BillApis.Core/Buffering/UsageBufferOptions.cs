using NodaTime;

namespace BillApis;

/// <summary>How much usage waits in memory, for how long, and what happens when there is no room for more.</summary>
public sealed record UsageBufferOptions
{
    /// <summary>How many bytes of events may wait, as <see cref="UsageBuffer"/> estimates them; the bound on its memory.</summary>
    public long CapacityBytes { get; set; } = Limits.BufferBytes;

    /// <summary>What happens to an event for which there is no room.</summary>
    public WhenFull WhenFull { get; set; } = WhenFull.Wait;

    /// <summary>How many events are stored in one transaction, 1 to <see cref="Limits.EventsPerBatch"/>.</summary>
    public int BatchSize { get; set; } = 1_000;

    /// <summary>How long the first event of a batch waits for others; a process that is killed loses at most what came in this time, unless the database fails.</summary>
    public Duration FlushInterval { get; set; } = Duration.FromMilliseconds(200);

    /// <summary>The longest pause between two attempts at a failing database; the first is a hundredth of it.</summary>
    public Duration RetryInterval { get; set; } = Duration.FromSeconds(10);

    /// <summary>How long a shutdown may take to store what still waits; what is left then is dropped, counted and logged.</summary>
    public Duration DrainTimeout { get; set; } = Limits.BufferDrain;

    internal void Validate()
    {
        Check.Range("capacity_bytes", CapacityBytes, 1, long.MaxValue);
        Check.Range("batch_size", BatchSize, 1, Limits.EventsPerBatch);
        foreach (var (name, value) in new[] { ("flush_interval", FlushInterval), ("retry_interval", RetryInterval), ("drain_timeout", DrainTimeout) })
        {
            Check.Range(name, value.BclCompatibleTicks, 0, Duration.FromDays(1).BclCompatibleTicks);
        }
    }
}

/// <summary>What a full buffer does with one more event.</summary>
public enum WhenFull
{
    /// <summary>Its sender waits until there is room: nothing is dropped, and a database that is down comes to hold up the application.</summary>
    Wait,

    /// <summary>It is dropped and counted: the application goes on, and usage is lost.</summary>
    Drop,
}
