using NodaTime;

namespace BillApis.Auditing;

/// <summary>Keeps what was done and denied: entries are added and never changed; the oldest are let go once they have been kept long enough.</summary>
internal interface IAuditStore
{
    /// <summary>Adds what stands in no transaction of its own, such as a denial.</summary>
    Task AppendAsync(TenantId tenant, AuditSource source, AuditChange change, CancellationToken cancellationToken);

    /// <summary>Lists newest first.</summary>
    Task<Page<AuditEntry>> ListAsync(TenantId tenant, AuditQuery query, CancellationToken cancellationToken);

    /// <summary>Reads all of it, oldest first, as it is stored.</summary>
    IAsyncEnumerable<AuditRecord> ReadAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>What the first entry is chained to: the last one that was let go, or nothing.</summary>
    Task<AuditChain> AnchorAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Lets go of entries from before an instant, the newest entry never; says how many.</summary>
    Task<int> LetGoAsync(TenantId tenant, Instant before, int most, CancellationToken cancellationToken);

    /// <summary>The newest entry, as it is known beside the entries.</summary>
    Task<AuditChain> HeadAsync(TenantId tenant, CancellationToken cancellationToken);
}

/// <summary>Which entries to list.</summary>
internal sealed record AuditQuery
{
    public string? Actor { get; init; }

    public string? Action { get; init; }

    public string? Object { get; init; }

    public Instant? From { get; init; }

    public Instant? To { get; init; }

    public int Limit { get; init; } = Limits.DefaultPageSize;

    /// <summary>The <see cref="Page{T}.Next"/> of the page before.</summary>
    public string? After { get; init; }
}
