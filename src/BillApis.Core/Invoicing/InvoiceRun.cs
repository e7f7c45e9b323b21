using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis;

/// <summary>One order to bill what is due, and how far it has come.</summary>
public sealed record InvoiceRun : IEntity<InvoiceRun>
{
    /// <summary>The most failures that a run names; it counts them all.</summary>
    public const int MaxFailures = 100;

    /// <summary>The id.</summary>
    public required InvoiceRunId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>What is due at this instant or before is billed.</summary>
    public required Instant AsOf { get; init; }

    /// <summary>Only this customer's; null for all.</summary>
    public CustomerId? Customer { get; init; }

    /// <summary>Whether nothing is stored.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether it is done.</summary>
    public InvoiceRunStatus Status { get; init; }

    /// <summary>How many invoices it issued, or would issue.</summary>
    public int InvoicesCreated { get; init; }

    /// <summary>How many subscriptions could not be billed; they stay due.</summary>
    public int Failed { get; init; }

    /// <summary>The first <see cref="MaxFailures"/> of those.</summary>
    public ImmutableArray<RunFailure> Failures { get; init; } = [];

    /// <summary>The total of what it issued, or would issue, by currency.</summary>
    public ImmutableArray<Money> Totals { get; init; } = [];

    /// <summary>How many subscriptions were due as it was ordered.</summary>
    public int Due { get; init; }

    /// <summary>How many of them had still to be billed as they were counted last.</summary>
    public int Left { get; init; }

    /// <summary>When it was ordered, in real time.</summary>
    public Instant StartedAt { get; init; }

    /// <summary>When what is left was counted last, in real time.</summary>
    public Instant CountedAt { get; init; }

    /// <summary>How much of what was due is billed or passed, in percent: 100 once it is done and not before.</summary>
    [JsonIgnore]
    public int Percent => Status is not InvoiceRunStatus.Running ? 100 : Due == 0 ? 0 : (int)Math.Clamp(100L * (Due - Left) / Due, 0, 99);

    /// <summary>How many invoices it issued a second until now.</summary>
    [JsonIgnore]
    public int InvoicesPerSecond => ProgressAt > StartedAt ? (int)Math.Min(int.MaxValue, InvoicesCreated * 1_000_000m / ((ProgressAt - StartedAt).BclCompatibleTicks / 10m)) : 0;

    /// <summary>When it last got on, in real time: a run that stands still was left by a crash and is taken up again.</summary>
    public required Instant ProgressAt { get; init; }

    /// <summary>When it was done.</summary>
    public Instant? FinishedAt { get; init; }

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<InvoiceRun>.Key => Id.ToString();

    string? IEntity<InvoiceRun>.Alias => null;

    /// <inheritdoc/>
    public InvoiceRun WithVersion(long version) => this with { Version = version };

    internal InvoiceRun Progressed(CycleResult result, Instant realTime) => this with
    {
        InvoicesCreated = InvoicesCreated + result.Invoices.Count,
        Failed = Failed + result.Failures.Count,
        Failures = [.. Failures.Concat(result.Failures).Take(MaxFailures)],
        Totals = [.. Totals.Concat(result.Totals.Values).GroupBy(total => total.Currency).OrderBy(group => group.Key.Code, StringComparer.Ordinal).Select(group => group.Aggregate((sum, total) => sum + total))],
        ProgressAt = realTime,
    };

    internal InvoiceRun Counted(int left, Instant realTime) => this with { Left = left, CountedAt = realTime };

    internal InvoiceRun Finished(Instant at) => this with { Status = Failed == 0 ? InvoiceRunStatus.Completed : InvoiceRunStatus.CompletedWithFailures, Left = 0, FinishedAt = at };
}

/// <summary>Whether a run is done.</summary>
public enum InvoiceRunStatus
{
    /// <summary>It goes on, here or on another node.</summary>
    Running,

    /// <summary>Everything that was due is billed.</summary>
    Completed,

    /// <summary>Everything that could be billed is billed; the failures are named.</summary>
    CompletedWithFailures,
}

/// <summary>A subscription that a run could not bill; it stays due.</summary>
/// <param name="Subscription">Which one.</param>
/// <param name="Boundary">The boundary that is not billed.</param>
/// <param name="Message">Why, and what is allowed.</param>
public sealed record RunFailure(SubscriptionId Subscription, Instant Boundary, string Message);
