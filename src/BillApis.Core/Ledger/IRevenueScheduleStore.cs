using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Keeps revenue schedules and finds those that have something to post. Implementations must pass <c>RevenueScheduleStoreConformance</c>.</summary>
public interface IRevenueScheduleStore : IStore<RevenueSchedule>
{
    /// <summary>Schedules of all tenants that have something to post at an instant, the longest due first.</summary>
    Task<IReadOnlyList<RevenueSchedule>> DueAsync(Instant now, int limit, CancellationToken cancellationToken);
}
