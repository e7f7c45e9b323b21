using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>A file of events that is taken in, and how far it has come.</summary>
public sealed record UsageImport : IEntity<UsageImport>
{
    /// <summary>The id.</summary>
    public required UsageImportId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>The sender's own name for it, under which a repeated upload finds the first; null where it has none.</summary>
    public string? Name { get; init; }

    /// <summary>How the file is written.</summary>
    public required UsageFile File { get; init; }

    /// <summary>The id of the credential that the file came under.</summary>
    public string? Sender { get; init; }

    /// <summary>Whether it is done.</summary>
    public UsageImportStatus Status { get; init; }

    /// <summary>The size of the file as it was sent.</summary>
    public long Bytes { get; init; }

    /// <summary>SHA-256 of the file as it was sent; empty until all of it is here.</summary>
    public string Hash { get; init; } = "";

    /// <summary>What became of the rows so far.</summary>
    public ImportCounts Counts { get; init; } = new();

    /// <summary>Why it failed, and what is allowed.</summary>
    public string? Error { get; init; }

    /// <summary>The arrival that the rows in work are stamped with; several where a crash left in doubt which of them are stored.</summary>
    public ImmutableArray<Instant> Stamps { get; init; } = [];

    /// <summary>When it last got on, in real time: one that stands still was left by a crash and is taken up again.</summary>
    public required Instant ProgressAt { get; init; }

    /// <summary>When it was done.</summary>
    public Instant? FinishedAt { get; init; }

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<UsageImport>.Key => Id.ToString();

    string? IEntity<UsageImport>.Alias => Name;

    /// <summary>Whether it waits for nothing any more.</summary>
    public bool IsOver => Status is UsageImportStatus.Completed or UsageImportStatus.Failed or UsageImportStatus.Canceled;

    /// <inheritdoc/>
    public UsageImport WithVersion(long version) => this with { Version = version };

    internal UsageImport Over(UsageImportStatus status, Instant at, string? error = null) => this with { Status = status, FinishedAt = at, Error = error, Stamps = [] };
}

/// <summary>Whether an import is done.</summary>
public enum UsageImportStatus
{
    /// <summary>The file is being sent.</summary>
    Uploading,

    /// <summary>The file is here, and its rows are read by this node or another.</summary>
    Running,

    /// <summary>Every row was read.</summary>
    Completed,

    /// <summary>The file could not be read to its end; what was accepted stays.</summary>
    Failed,

    /// <summary>It was stopped by a person; what was accepted stays.</summary>
    Canceled,
}
