using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Shows how usage goes: over time, by customer and dimension, against the period before, and where it stands out.</summary>
public sealed class UsageAnalytics
{
    private readonly IUsageStore _store;
    private readonly MetricCatalog _metrics;
    private readonly IStore<Customer> _customers;
    private readonly IClock _clock;

    internal UsageAnalytics(IUsageStore store, MetricCatalog metrics, IStore<Customer> customers, IClock clock) => (_store, _metrics, _customers, _clock) = (store, metrics, customers, clock);

    /// <summary>Reports on the metric that is asked for, or on each.</summary>
    /// <exception cref="BillingException">There is no such metric or customer, a metric is not grouped so, or the report would need more than <see cref="Limits.ReadingsPerReport"/> quantities.</exception>
    public async Task<IReadOnlyList<UsageReport>> ReportAsync(TenantId tenant, UsageReportQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        Check.Range("top", query.Top, 1, Limits.GroupsPerReport);
        IReadOnlyList<Metric> metrics = query.Metric is { } reference
            ? [await _metrics.FindAsync(tenant, reference, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Metric.Kind, reference)]
            : await _metrics.ActiveAsync(tenant, cancellationToken).ConfigureAwait(false);
        var customers = await CustomersAsync(tenant, query.Customer, cancellationToken).ConfigureAwait(false);
        var reports = new List<UsageReport>(metrics.Count);
        foreach (var metric in metrics)
        {
            reports.Add(await ReportAsync(new UsageReadings(_store, tenant, metric), metric, customers, query, cancellationToken).ConfigureAwait(false));
        }

        return reports;
    }

    private async Task<UsageReport> ReportAsync(UsageReadings readings, Metric metric, IReadOnlyList<CustomerId> customers, UsageReportQuery query, CancellationToken cancellationToken)
    {
        var previous = PreviousPeriod.Of(query.Period, query.Zone);
        var active = await readings.ActiveAsync(customers, [query.Period, previous], cancellationToken).ConfigureAwait(false);
        var totals = await readings.PointsAsync(active, [query.Period, previous], cancellationToken).ConfigureAwait(false);
        var series = await readings.PointsAsync(active, UsageWindows.Of(query.Period, query.Window, query.Zone), cancellationToken).ConfigureAwait(false);
        var groups = query.GroupBy.IsEmpty ? [] : await GroupsAsync(readings, metric, active, previous, query, cancellationToken).ConfigureAwait(false);
        var anomalies = query.Anomalies ? await AnomaliesAsync(readings, customers, query, cancellationToken).ConfigureAwait(false) : [];
        return new UsageReport(metric, query.Period, previous, Figure(totals), [.. series], groups, anomalies);
    }

    private static async Task<ImmutableArray<UsageShare>> GroupsAsync(
        UsageReadings readings, Metric metric, IReadOnlyList<CustomerId> active, Interval previous, UsageReportQuery query, CancellationToken cancellationToken)
    {
        var byCustomer = query.GroupBy.Contains(UsageReportQuery.ByCustomer);
        ImmutableArray<string> dimensions = query.GroupBy.Remove(UsageReportQuery.ByCustomer);
        new UsageRequest(metric, default, query.Period) { GroupBy = dimensions }.Validate();
        var ranked = (await readings.GroupsAsync(active, [query.Period, previous], byCustomer, dimensions, cancellationToken).ConfigureAwait(false))
            .OrderByDescending(group => group.Value[0].Value)
            .ThenBy(group => group.Key.Customer?.ToString(), StringComparer.Ordinal)
            .ThenBy(group => group.Key.Dimensions.Json, StringComparer.Ordinal)
            .Take(query.Top).ToList();
        var windows = UsageWindows.Of(query.Period, query.Window, query.Zone);
        var whose = byCustomer ? [.. ranked.Select(group => group.Key.Customer!.Value).Distinct()] : active;
        var series = await readings.GroupsAsync(whose, windows, byCustomer, dimensions, cancellationToken).ConfigureAwait(false);
        return [.. ranked.Select(group => new UsageShare(group.Key.Customer, group.Key.Dimensions, Figure(group.Value), series.TryGetValue(group.Key, out var points) ? [.. points] : [.. windows.Select(window => new UsagePoint(window, 0, 0))]))];
    }

    private async Task<ImmutableArray<UsageAnomaly>> AnomaliesAsync(UsageReadings readings, IReadOnlyList<CustomerId> customers, UsageReportQuery query, CancellationToken cancellationToken)
    {
        var now = _clock.GetCurrentInstant();
        var hours = UsageWindows.Of(query.Period, UsageWindow.Hour, query.Zone).Where(hour => hour.End <= now).ToList();
        var weeks = Enumerable.Range(1, AnomalyRule.Weeks).Select(week => PreviousPeriod.WeeksBefore(query.Period, week, query.Zone)).ToList();
        var active = await readings.ActiveAsync(customers, [query.Period, .. weeks.OfType<Interval>()], cancellationToken).ConfigureAwait(false);
        var current = await readings.PointsAsync(active, hours, cancellationToken).ConfigureAwait(false);
        var past = hours.Select(_ => ImmutableArray.CreateBuilder<UsagePoint>()).ToList();
        for (var week = 1; week <= AnomalyRule.Weeks; week++)
        {
            var same = hours.Select((hour, place) => (Place: place, Hour: PreviousPeriod.WeeksBefore(hour, week, query.Zone))).Where(item => item.Hour is not null).ToList();
            var points = await readings.PointsAsync(active, [.. same.Select(item => item.Hour!.Value)], cancellationToken).ConfigureAwait(false);
            if (points.Any(point => point.Events > 0))
            {
                same.Zip(points).ToList().ForEach(pair => past[pair.First.Place].Add(pair.Second));
            }
        }

        return [.. current.Zip(past, (hour, before) => (Hour: hour, Past: before.ToImmutable()))
            .Select(item => AnomalyRule.Judge(item.Hour, item.Past) is { } kind ? new UsageAnomaly(item.Hour, kind, item.Past) : null).OfType<UsageAnomaly>()];
    }

    private static UsageFigure Figure(UsagePoint[] points) => new(points[0].Value, points[0].Events, points[1].Value);

    private async Task<IReadOnlyList<CustomerId>> CustomersAsync(TenantId tenant, string? reference, CancellationToken cancellationToken)
    {
        if (reference is not null)
        {
            return [(await _customers.FindAsync(tenant, reference, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Customer.Kind, reference)).Id];
        }

        return await _customers.AllAsync(tenant, new StoreQuery { Limit = Limits.PageSize }, cancellationToken).Select(customer => customer.Id).ToListAsync(cancellationToken).ConfigureAwait(false);
    }
}
