using System.Collections.Immutable;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/analytics/usage</c>: how usage goes.</summary>
internal static class UsageAnalyticsEndpoint
{
    private const int DefaultDays = 30;

    public static void MapUsageAnalytics(this IEndpointRouteBuilder api) =>
        api.MapGet("/analytics/usage", ReportAsync).WithTags("Analytics").Requires("analytics").WithSummary("Usage over time by metric, customer and dimension, against the period before, and the hours that stand out");

    internal static async Task<UsageAnalyticsResponse> ReportAsync(Query<UsageAnalyticsQuery> query, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken)
    {
        var sent = query.Value;
        var to = sent.To ?? clock.GetCurrentInstant();
        var from = sent.From ?? to - Duration.FromDays(DefaultDays);
        var period = Period.Between(from, to);
        var reports = await billing.Analytics.ReportAsync(
            caller.Tenant,
            new UsageReportQuery
            {
                Metric = sent.MetricId, Customer = sent.CustomerId, Period = period, Window = sent.Interval ?? UsageWindow.Day, Zone = sent.Timezone ?? DateTimeZone.Utc,
                GroupBy = [.. (sent.GroupBy ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)],
                Top = sent.Top ?? UsageReportQuery.DefaultTop, Anomalies = sent.Anomalies,
            },
            cancellationToken).ConfigureAwait(false);
        return new UsageAnalyticsResponse(Period.From(period), [.. reports.Select(MetricUsage.From)]);
    }
}

internal sealed record UsageAnalyticsQuery
{
    public string? MetricId { get; init; }
    public string? CustomerId { get; init; }
    public Instant? From { get; init; }
    public Instant? To { get; init; }
    public UsageWindow? Interval { get; init; }
    public DateTimeZone? Timezone { get; init; }
    public string? GroupBy { get; init; }
    public int? Top { get; init; }
    public bool Anomalies { get; init; }
}

internal sealed record UsageAnalyticsResponse(Period Period, ImmutableArray<MetricUsage> Metrics);

internal sealed record MetricUsage(
    MetricId MetricId, string Code, string? Unit, decimal Value, long Events, Period PreviousPeriod, decimal PreviousValue, decimal Change, decimal? ChangePercent,
    ImmutableArray<PointUsage> Series, ImmutableArray<GroupUsage> Groups, ImmutableArray<AnomalyUsage> Anomalies)
{
    public static MetricUsage From(UsageReport report) => new(
        report.Metric.Id, report.Metric.Code, report.Metric.Unit, report.Total.Value, report.Total.Events, Period.From(report.Previous), report.Total.Previous, report.Total.Change, report.Total.ChangePercent,
        [.. report.Series.Select(PointUsage.From)], [.. report.Groups.Select(GroupUsage.From)], [.. report.Anomalies.Select(AnomalyUsage.From)]);
}

internal sealed record PointUsage(Instant Start, Instant End, decimal Value, long Events)
{
    public static PointUsage From(UsagePoint point) => new(point.Window.Start, point.Window.End, point.Value, point.Events);
}

internal sealed record GroupUsage(
    CustomerId? CustomerId, ImmutableSortedDictionary<string, string?> Group, decimal Value, long Events, decimal PreviousValue, decimal Change, decimal? ChangePercent, ImmutableArray<PointUsage> Series)
{
    public static GroupUsage From(UsageShare share) => new(
        share.Customer, share.Dimensions.Values(), share.Figure.Value, share.Figure.Events, share.Figure.Previous, share.Figure.Change, share.Figure.ChangePercent, [.. share.Series.Select(PointUsage.From)]);
}

internal sealed record AnomalyUsage(UsageAnomalyKind Kind, Instant Start, Instant End, decimal Value, long Events, ImmutableArray<PointUsage> Past)
{
    public static AnomalyUsage From(UsageAnomaly anomaly) => new(
        anomaly.Kind, anomaly.Hour.Window.Start, anomaly.Hour.Window.End, anomaly.Hour.Value, anomaly.Hour.Events, [.. anomaly.Past.Select(PointUsage.From)]);
}
