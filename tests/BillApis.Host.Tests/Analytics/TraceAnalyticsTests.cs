using BillApis.Metering;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Host.Tests.Analytics;

/// <summary>Reports on a real trace of 19,366 requests, against plain sums over its rows.</summary>
public sealed class TraceAnalyticsTests : IAsyncLifetime
{
    private static readonly Instant Six = Instant.FromUtc(2023, 11, 16, 18, 0);
    private readonly string _file = SqliteFile.NewPath();
    private readonly ServiceProvider _services;
    private readonly Billing _billing;

    public TraceAnalyticsTests()
    {
        _services = new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={_file}")).BuildServiceProvider();
        _billing = _services.GetRequiredService<Billing>();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _billing.MigrateAsync(Token);
        foreach (var name in new[] { "first", "second", "third", "fourth", "idle" })
        {
            await _billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = name, ExternalId = name, Currency = Currency.Parse("USD") }, Token);
        }

        await CreateAsync("requests", Aggregation.Count, null);
        await CreateAsync("generated", Aggregation.Sum, "generated");
        await CreateAsync("longest", Aggregation.Max, "context");
    }

    [Fact]
    public async Task Time_customers_dimensions_and_the_hour_before_are_those_of_the_rows()
    {
        var rows = LlmRequest.Read();
        rows.Count.ShouldBe(19_366);
        await SendAsync(rows, "now", Duration.Zero);
        var (early, late) = (rows.Where(row => row.At.Hour == 18).ToList(), rows.Where(row => row.At.Hour == 19).ToList());

        var hours = await ReportAsync("generated", Hours(0, 2), UsageWindow.Hour);
        hours.Series.Select(point => (point.Value, point.Events)).ShouldBe([(early.Sum(row => row.Generated), early.Count), (late.Sum(row => row.Generated), late.Count)]);
        hours.Total.ShouldBe(new UsageFigure(rows.Sum(row => row.Generated), rows.Count, 0));
        hours.Total.ChangePercent.ShouldBeNull();

        var second = await ReportAsync("generated", Hours(1, 2), UsageWindow.None, UsageReportQuery.ByCustomer);
        second.Previous.ShouldBe(Hours(0, 1));
        second.Total.ShouldBe(new UsageFigure(late.Sum(row => row.Generated), late.Count, early.Sum(row => row.Generated)));
        var names = await NamesAsync();
        second.Groups.Select(group => (names[group.Customer!.Value], group.Figure.Value, group.Figure.Events, group.Figure.Previous)).ShouldBe(
            late.GroupBy(row => row.Customer).Select(group => (group.Key, (decimal)group.Sum(row => row.Generated), group.LongCount(), (decimal)early.Where(row => row.Customer == group.Key).Sum(row => row.Generated)))
                .OrderByDescending(group => group.Item2));

        var both = await ReportAsync("requests", Hours(0, 2), UsageWindow.Hour, "model", UsageReportQuery.ByCustomer);
        both.Groups.Select(group => (names[group.Customer!.Value], group.Dimensions.Values()["model"], string.Join('+', group.Series.Select(point => point.Value)))).ShouldBe(
            rows.GroupBy(row => (row.Customer, row.Model)).OrderByDescending(group => group.Count()).Take(3)
                .Select(group => (group.Key.Customer, (string?)group.Key.Model, $"{group.Count(row => row.At.Hour == 18)}+{group.Count(row => row.At.Hour == 19)}")));
    }

    [Fact]
    public async Task Quantities_of_several_customers_are_the_sum_of_what_each_is_billed_for()
    {
        var rows = LlmRequest.Read().Take(3_000).ToList();
        await SendAsync(rows, "now", Duration.Zero);
        var all = await ReportAsync("longest", Hours(0, 2), UsageWindow.Hour);
        all.Total.Value.ShouldBe(rows.GroupBy(row => row.Customer).Sum(group => group.Max(row => row.Context)));
        var one = (await _billing.Analytics.ReportAsync(TenantId.Default, new UsageReportQuery { Metric = "longest", Customer = "third", Period = Hours(0, 2) }, Token)).Single();
        one.Total.Value.ShouldBe(rows.Where(row => row.Customer is "third").Max(row => row.Context));
        (await _billing.Analytics.ReportAsync(TenantId.Default, new UsageReportQuery { Period = Hours(0, 2) }, Token)).Select(report => report.Metric.Code).ShouldBe(["requests", "generated", "longest"], ignoreOrder: true);
    }

    [Fact]
    public async Task Hours_stand_out_against_the_same_hours_of_past_weeks()
    {
        // Every fourth request, thrice in the past; today hour 18 comes four times over, and hour 19 not at all.
        var rows = LlmRequest.Read().Where(row => row.Row % 4 == 0).ToList();
        foreach (var week in new[] { 1, 2, 3 })
        {
            await SendAsync(week == 3 ? [.. rows.Where(row => row.Row % 8 == 0)] : rows, $"week-{week}", Duration.FromDays(-7 * week));
        }

        var early = rows.Where(row => row.At.Hour == 18).ToList();
        foreach (var copy in Enumerable.Range(0, 3))
        {
            await SendAsync(early, $"copy-{copy}", Duration.Zero);
        }

        (await ReportAsync("requests", Hours(-1, 3), UsageWindow.None)).Anomalies.Select(item => (item.Kind, item.Hour.Window)).ShouldBe([(UsageAnomalyKind.Silence, Hours(1, 2))]);
        await SendAsync([.. early.Take(1)], "one more", Duration.Zero);

        var anomalies = (await ReportAsync("requests", Hours(-1, 3), UsageWindow.None)).Anomalies;
        anomalies.Select(item => (item.Kind, item.Hour.Window, item.Hour.Value)).ShouldBe(
            [(UsageAnomalyKind.Spike, Hours(0, 1), (3 * early.Count) + 1), (UsageAnomalyKind.Silence, Hours(1, 2), 0)]);
        anomalies[0].Past.Select(point => point.Value).ShouldBe([early.Count, early.Count, early.Count(row => row.Row % 8 == 0)]);
        anomalies[1].Past.Select(point => point.Window.Start).ShouldBe(Enumerable.Range(1, 3).Select(week => Six + Duration.FromHours(1) - Duration.FromDays(7 * week)));
    }

    [Fact]
    public async Task What_would_take_too_long_or_is_not_there_is_refused()
    {
        await SendAsync([.. LlmRequest.Read().Take(10)], "now", Duration.Zero);
        (await RefusedAsync(new UsageReportQuery { Period = new Interval(Six - Duration.FromDays(4_000), Six + Duration.FromHours(1)), Window = UsageWindow.Hour })).ShouldContain("interval");
        (await RefusedAsync(new UsageReportQuery { Metric = "requests", Period = Hours(0, 1), GroupBy = ["colour"] })).ShouldContain("group_by");
        (await RefusedAsync(new UsageReportQuery { Period = Hours(0, 1), Top = 101 })).ShouldContain("top");
        (await RefusedAsync(new UsageReportQuery { Period = Hours(0, 1), Customer = "nobody" })).ShouldBe("There is no customer 'nobody'.");
        (await RefusedAsync(new UsageReportQuery { Period = Hours(0, 1), Metric = "nothing" })).ShouldBe("There is no metric 'nothing'.");
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        SqliteConnection.ClearAllPools();
        SqliteFile.Delete(_file);
    }

    private static Interval Hours(int from, int to) => new(Six + Duration.FromHours(from), Six + Duration.FromHours(to));

    private Task<Metric> CreateAsync(string code, Aggregation aggregation, string? property) => _billing.Metrics.CreateAsync(
        TenantId.Default, new Metric { Code = code, Name = code, EventType = "llm", Aggregation = aggregation, Property = property, GroupBy = code is "longest" ? [] : ["model"] }, Token);

    private async Task<UsageReport> ReportAsync(string metric, Interval period, UsageWindow window, params string[] groupBy) =>
        (await _billing.Analytics.ReportAsync(TenantId.Default, new UsageReportQuery { Metric = metric, Period = period, Window = window, GroupBy = [.. groupBy], Top = groupBy.Length == 2 ? 3 : 10, Anomalies = groupBy.Length == 0 }, Token)).Single();

    private async Task<string> RefusedAsync(UsageReportQuery query) => (await Should.ThrowAsync<BillingException>(() => _billing.Analytics.ReportAsync(TenantId.Default, query, Token))).Message;

    private async Task<IReadOnlyDictionary<CustomerId, string>> NamesAsync() =>
        (await _billing.Customers.ListAsync(TenantId.Default, new StoreQuery(), Token)).Items.ToDictionary(customer => customer.Id, customer => customer.ExternalId!);

    private async Task SendAsync(IReadOnlyList<LlmRequest> rows, string source, Duration shift)
    {
        foreach (var chunk in rows.Chunk(Limits.EventsPerBatch))
        {
            var events = chunk.Select(row => new UsageEvent
            {
                Id = $"{row.Row}", Source = source, Type = "llm", Customer = row.Customer, Timestamp = Instant.FromDateTimeOffset(row.At) + shift,
                Properties = UsageProperties.Of(("context", row.Context), ("generated", row.Generated), ("model", row.Model)),
            });
            (await _billing.Usage.RecordAsync(TenantId.Default, [.. events], Token)).Accepted.ShouldBe(chunk.Length);
        }
    }
}
