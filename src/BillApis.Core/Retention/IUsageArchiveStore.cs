using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Takes events that are archived out of the database; their totals, and that their ids were used, stay. Implementations must pass <c>UsageArchiveConformance</c>.</summary>
public interface IUsageArchiveStore
{
    /// <summary>Makes what events of a month (UTC) need to be stored quickly, ahead of the first of them.</summary>
    Task OpenMonthAsync(YearMonth month, CancellationToken cancellationToken);

    /// <summary>Gives back what months before another needed, where no tenant has events of them any more.</summary>
    Task CloseMonthsAsync(YearMonth before, CancellationToken cancellationToken);

    /// <summary>Whether the caller is the one node that works on this for a while, by the database's clock.</summary>
    Task<bool> TryLeaseAsync(Duration duration, CancellationToken cancellationToken);

    /// <summary>Every tenant that ever had events.</summary>
    Task<IReadOnlyList<TenantId>> TenantsAsync(CancellationToken cancellationToken);

    /// <summary>The months before another that a tenant has events of, the oldest first.</summary>
    Task<IReadOnlyList<YearMonth>> DueAsync(TenantId tenant, YearMonth before, CancellationToken cancellationToken);

    /// <summary>A bounded lot of a tenant's events of a month, without what has open orphans in it; null where there is none, or the month was restored and is kept at that instant.</summary>
    Task<UsageArchiveLot?> ReadAsync(TenantId tenant, YearMonth month, Instant at, CancellationToken cancellationToken);

    /// <summary>Takes the events of a lot out and puts down where they are now, in one transaction; false, and nothing is changed, where they are not what was read any more, or the month is kept.</summary>
    Task<bool> RemoveAsync(UsageArchiveLot lot, UsageArchivePart part, CancellationToken cancellationToken);

    /// <summary>Puts all archived events of a month back to where they were, and forgets their files, in one transaction; false, and nothing is changed, where the files are not those that the caller saw.</summary>
    /// <exception cref="BillingException">An event is not one that was archived; nothing is changed.</exception>
    Task<bool> RestoreAsync(UsageRestoration restoration, CancellationToken cancellationToken);

    /// <summary>Files of a tenant, the oldest month first.</summary>
    Task<Page<UsageArchivePart>> ListAsync(TenantId tenant, UsageArchiveQuery query, CancellationToken cancellationToken);

    /// <summary>The months of a tenant that were restored and are kept at an instant, the oldest first.</summary>
    Task<IReadOnlyList<RestoredMonth>> RestoredAsync(TenantId tenant, Instant at, CancellationToken cancellationToken);
}

/// <summary>Events that are archived together.</summary>
/// <param name="Tenant">Whose they are.</param>
/// <param name="Month">When they happened (UTC).</param>
/// <param name="Part">Which lot of the month it is, from 1.</param>
/// <param name="Events">The events, oldest first.</param>
/// <param name="Rows">What the store knows them by.</param>
/// <param name="Fingerprint">Another one once any of them was changed.</param>
public sealed record UsageArchiveLot(TenantId Tenant, YearMonth Month, int Part, IReadOnlyList<StoredEvent> Events, IReadOnlyList<long> Rows, string Fingerprint);

/// <summary>A file of archived events.</summary>
/// <param name="Tenant">Whose they are.</param>
/// <param name="Month">When they happened (UTC).</param>
/// <param name="Part">Which file of the month it is, from 1.</param>
/// <param name="File">Where it is in the archive's folder.</param>
/// <param name="Events">How many events it has, one a line.</param>
/// <param name="Bytes">How long it is.</param>
/// <param name="Sha256">Its checksum in hexadecimal digits.</param>
/// <param name="ArchivedAt">When they were taken out of the database.</param>
public sealed record UsageArchivePart(TenantId Tenant, YearMonth Month, int Part, string File, long Events, long Bytes, string Sha256, Instant ArchivedAt);

/// <summary>Which files to list.</summary>
public sealed record UsageArchiveQuery
{
    /// <summary>Only those of this month (UTC).</summary>
    public YearMonth? Month { get; init; }

    /// <summary>How many a page holds, 1 to <see cref="Limits.PageSize"/>.</summary>
    public int Limit { get; init; } = Limits.DefaultPageSize;

    /// <summary>The <see cref="Page{T}.Next"/> of the page before.</summary>
    public string? After { get; init; }
}

/// <summary>An archived month that goes back into the database.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Month">The month (UTC).</param>
/// <param name="Parts">All of its files, as the caller saw them listed.</param>
/// <param name="Events">What is in them, file by file; it may be read several times.</param>
/// <param name="Metrics">All metrics that counted usage of the tenant, archived ones too.</param>
/// <param name="KeepUntil">Before when the month is not archived again.</param>
public sealed record UsageRestoration(
    TenantId Tenant, YearMonth Month, ImmutableArray<UsageArchivePart> Parts, IAsyncEnumerable<IReadOnlyList<StoredEvent>> Events, ImmutableArray<Metric> Metrics, Instant KeepUntil);

/// <summary>A month that was brought back from its archive.</summary>
/// <param name="Month">The month (UTC).</param>
/// <param name="KeepUntil">Before when it is not archived again.</param>
public sealed record RestoredMonth(YearMonth Month, Instant KeepUntil);

/// <summary>What bringing a month back did.</summary>
/// <param name="Month">The month (UTC).</param>
/// <param name="Events">How many events are back.</param>
/// <param name="KeepUntil">Before when they are not archived again.</param>
public sealed record RestoredUsage(YearMonth Month, long Events, Instant KeepUntil);
