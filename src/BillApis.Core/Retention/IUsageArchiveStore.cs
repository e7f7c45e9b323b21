using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Takes events that are archived out of the database; their totals, and that their ids were used, stay. Implementations must pass <c>UsageArchiveConformance</c>.</summary>
public interface IUsageArchiveStore
{
    /// <summary>Makes what events of a month (UTC) need to be stored quickly, ahead of the first of them.</summary>
    Task OpenMonthAsync(YearMonth month, CancellationToken cancellationToken);

    /// <summary>Gives back what a month needed, where none of its events is there any more.</summary>
    Task CloseMonthAsync(YearMonth month, CancellationToken cancellationToken);

    /// <summary>Whether the caller is the one node that works on this for a while, by the database's clock.</summary>
    Task<bool> TryLeaseAsync(Duration duration, CancellationToken cancellationToken);

    /// <summary>The tenants and months before another that have events, the oldest month first.</summary>
    Task<IReadOnlyList<(TenantId Tenant, YearMonth Month)>> DueAsync(YearMonth before, CancellationToken cancellationToken);

    /// <summary>A bounded lot of a tenant's events of a month, without what has open orphans in it; null where there is none.</summary>
    Task<UsageArchiveLot?> ReadAsync(TenantId tenant, YearMonth month, CancellationToken cancellationToken);

    /// <summary>Takes the events of a lot out and puts down where they are now, in one transaction; false, and nothing is changed, where they are not what was read any more.</summary>
    Task<bool> RemoveAsync(UsageArchiveLot lot, UsageArchivePart part, CancellationToken cancellationToken);

    /// <summary>What was archived of a tenant, the oldest month first.</summary>
    Task<IReadOnlyList<UsageArchivePart>> ListAsync(TenantId tenant, CancellationToken cancellationToken);
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
