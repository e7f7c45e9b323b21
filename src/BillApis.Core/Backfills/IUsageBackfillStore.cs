using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Keeps backfills and their events, and applies them. Implementations must pass <c>UsageBackfillConformance</c>.</summary>
/// <remarks>Applying and reverting are one effect each: whoever reads usage sees all of it or nothing, and so does whoever looks after a crash.</remarks>
public interface IUsageBackfillStore : IStore<UsageBackfill>
{
    /// <summary>Keeps events that are to count once the backfill is applied.</summary>
    /// <returns>What became of each, in the order given; null where the backfill is not as the caller saw it.</returns>
    /// <exception cref="BillingException">The backfill would hold more than <see cref="Limits.EventsPerBackfill"/>.</exception>
    Task<IReadOnlyList<AppendResult>?> HoldAsync(UsageBackfill backfill, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken);

    /// <summary>Reads the events of a backfill by source and id, from behind one of them.</summary>
    Task<IReadOnlyList<UsageEvent>> ReadHeldAsync(TenantId tenant, UsageBackfillId id, UsageEvent? after, int limit, CancellationToken cancellationToken);

    /// <summary>How many events a backfill holds.</summary>
    Task<long> CountHeldAsync(TenantId tenant, UsageBackfillId id, CancellationToken cancellationToken);

    /// <summary>Supersedes what the backfill replaces and counts what it holds.</summary>
    /// <returns>The backfill as it is stored; null where it is not as the caller saw it.</returns>
    /// <exception cref="BillingException">An event cannot be counted, its id was used for another one, or there is too much to supersede; nothing is done then.</exception>
    Task<UsageBackfill?> ApplyAsync(UsageBackfill backfill, BackfillWork work, CancellationToken cancellationToken);

    /// <summary>Lets count again what counted before a backfill was applied, and nothing else of what it touched; one that was not applied is given up.</summary>
    /// <returns>The backfill as it is stored; null where it is not as the caller saw it.</returns>
    Task<UsageBackfill?> RevertAsync(UsageBackfill backfill, BackfillWork work, CancellationToken cancellationToken);

    /// <summary>What the backfill changes or changed, by customer and metric; changes nothing.</summary>
    /// <param name="backfill">The backfill.</param>
    /// <param name="work">What applying it now would take.</param>
    /// <param name="after">The <see cref="Page{T}.Next"/> of the page before.</param>
    /// <param name="limit">How many a page holds, 1 to <see cref="Limits.PageSize"/>.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="BillingException">It cannot be applied.</exception>
    Task<Page<BackfillComparison>> CompareAsync(UsageBackfill backfill, BackfillWork work, string? after, int limit, CancellationToken cancellationToken);
}

/// <summary>What applying or reverting a backfill takes.</summary>
/// <param name="At">When it happens.</param>
/// <param name="Metrics">All metrics that counted usage of the tenant, archived ones too.</param>
/// <param name="Held">The events of the backfill in batches, stamped as of now; it may be read several times.</param>
/// <param name="CountsLate">Whether usage of periods that were billed counts; where not, such a period is neither added to nor taken from.</param>
public sealed record BackfillWork(Instant At, ImmutableArray<Metric> Metrics, IAsyncEnumerable<IReadOnlyList<StampedEvent>> Held, bool CountsLate);
