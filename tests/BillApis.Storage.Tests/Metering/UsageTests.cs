using BillApis.Conformance;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Taking in usage through the whole engine.</summary>
public abstract class UsageTests(StoreFixture fixture)
{
    private static readonly Interval Window = new(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 1, 2, 0, 0));
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Billing Billing => fixture.Get<Billing>();

    [Fact]
    public async Task Good_events_are_kept_and_each_of_the_others_is_named()
    {
        await SetUpAsync();
        var receipt = await Billing.Usage.RecordAsync(
            _tenant,
            [
                Event("1", 5), Event("1", 5), Event("1", 6), Event("2", -1), Event("3", "many"), Event("4", 1) with { Timestamp = Instant.FromUtc(2100, 1, 1, 0, 0) },
                Event("", 1), Event("5", 7) with { Customer = "nobody" }, Event("6", 7) with { Type = "unheard" }, Event("7", 2), Event("8", 2) with { Customer = "a\0b" },
            ],
            Token);

        (receipt.Accepted, receipt.Duplicates).ShouldBe((4, 1));
        receipt.Rejected.Select(item => $"{item.Index} {item.Id} {item.Code}").ShouldBe(["2 1 Conflict", "3 2 Invalid", "4 3 Invalid", "5 4 Invalid", "6  Invalid", "10 8 Invalid"]);
        receipt.Rejected[1].Message.ShouldBe("Validation error: field 'properties.tokens' must not be negative for the metric 'tokens', which does not say allow_negative");
        receipt.Rejected[3].Message.ShouldStartWith("Validation error: field 'timestamp' must not be more than 3600 seconds ahead");
        receipt.Orphans.Select(item => $"{item.Index} {item.Id} {item.Reason}").ShouldBe(["7 5 UnknownCustomer", "8 6 NoMetric"]);
        receipt.Orphans[0].Message.ShouldContain("no customer 'nobody'");
        (await SumAsync()).ShouldBe(7);
    }

    [Fact]
    public async Task A_customer_is_named_by_id_or_by_external_id()
    {
        var customer = await SetUpAsync();
        await Billing.Usage.RecordAsync(_tenant, [Event("1", 5), Event("2", 6) with { Customer = customer.Id.ToString() }], Token);
        (await SumAsync()).ShouldBe(11);
        (await Billing.Usage.EventsAsync(_tenant, new UsageQuery { Customer = customer.Id }, Token)).Items.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Orphans_count_once_their_customer_and_metric_are_there()
    {
        await Billing.Usage.RecordAsync(_tenant, [Event("1", 5), Event("2", "not yet a number") with { Customer = "later" }], Token);
        (await Billing.Usage.RecoverOrphansAsync(_tenant, Token)).ShouldBe(0);
        await SetUpAsync();
        (await Billing.Usage.RecoverOrphansAsync(_tenant, Token)).ShouldBe(1);
        (await Billing.Usage.RecoverOrphansAsync(_tenant, Token)).ShouldBe(0);
        (await SumAsync()).ShouldBe(5);
        (await Billing.Usage.OrphansAsync(_tenant, new OrphanQuery(), Token)).Items.ShouldHaveSingleItem().Event.Event.Id.ShouldBe("2");
    }

    [Fact]
    public async Task A_metric_counts_from_the_next_event_on_and_an_archived_one_no_more()
    {
        await SetUpAsync();
        await Billing.Usage.RecordAsync(_tenant, Event("1", 5), Token);
        await Billing.Metrics.CreateAsync(_tenant, Calls, Token);
        await Billing.Usage.RecordAsync(_tenant, Event("2", 5), Token);
        await Billing.Metrics.ArchiveAsync(_tenant, "tokens", Token);
        await Billing.Usage.RecordAsync(_tenant, Event("3", 5), Token);
        (await SumAsync()).ShouldBe(10);
        (await SumAsync("calls")).ShouldBe(2);
    }

    [Fact]
    public async Task A_summary_cuts_at_the_zone_of_the_caller()
    {
        await SetUpAsync();
        await Billing.Usage.RecordAsync(
            _tenant, [.. new[] { 0, 17, 18, 19, 23 }.Select(hour => Event($"{hour}", hour + 1) with { Timestamp = Window.Start + Duration.FromMinutes((hour * 60) + 15) })], Token);
        var query = new UsageSummaryQuery { Customer = "acme", Metric = "tokens", Period = Window, Window = UsageWindow.Day, Zone = DateTimeZoneProviders.Tzdb["Asia/Kolkata"] };

        var days = await Billing.Usage.SummaryAsync(_tenant, query, Token);
        days.Select(row => (row.Window.Start, row.Window.End, row.Value, row.Events)).ShouldBe(
            [(Window.Start, Instant.FromUtc(2026, 1, 1, 18, 30), 38m, 3L), (Instant.FromUtc(2026, 1, 1, 18, 30), Window.End, 44m, 2L)]);

        (await Billing.Usage.SummaryAsync(_tenant, query with { Window = UsageWindow.Hour, Zone = DateTimeZone.Utc }, Token)).Count.ShouldBe(24);
        (await Billing.Usage.SummaryAsync(_tenant, query with { GroupBy = ["model"] }, Token)).ShouldAllBe(row => row.Group.Json == "{\"model\":null}");
        (await Should.ThrowAsync<BillingException>(Billing.Usage.SummaryAsync(_tenant, query with { GroupBy = ["region"] }, Token))).Message.ShouldContain("group_by");
        (await Should.ThrowAsync<BillingException>(Billing.Usage.SummaryAsync(_tenant, query with { Customer = "nobody" }, Token))).Code.ShouldBe(BillingErrorCode.NotFound);
        (await Should.ThrowAsync<BillingException>(Billing.Usage.SummaryAsync(_tenant, query with { Metric = "nothing" }, Token))).Code.ShouldBe(BillingErrorCode.NotFound);
    }

    [Fact]
    public async Task A_delivery_that_is_too_large_is_refused_whole() =>
        (await Should.ThrowAsync<BillingException>(Billing.Usage.RecordAsync(_tenant, [.. Enumerable.Repeat(Event("1", 1), Limits.EventsPerBatch + 1)], Token))).Code.ShouldBe(BillingErrorCode.TooLarge);

    [Fact]
    public async Task A_real_trace_is_counted_exactly()
    {
        await SetUpAsync();
        var rows = File.ReadLines(SharedFiles.PathOf("data/llm-conversations.csv")).Skip(1).Select(line => line.Split(',')).ToList();
        var events = rows.Select((row, index) => new UsageEvent
        {
            Id = $"{index}", Type = "llm", Customer = "acme", Source = "trace",
            Timestamp = NodaTime.Text.InstantPattern.CreateWithInvariantCulture("yyyy-MM-dd HH:mm:ss.fffffff").Parse(row[0]).Value,
            Properties = UsageProperties.Of(("tokens", PropertyValue.Number(row[1])), ("model", row[2].Length.ToString(System.Globalization.CultureInfo.InvariantCulture))),
        }).ToArray();
        foreach (var chunk in events.Chunk(Limits.EventsPerBatch).Concat(events.Chunk(3_000).Take(2)))
        {
            (await Billing.Usage.RecordAsync(_tenant, chunk, Token)).Rejected.ShouldBeEmpty();
        }

        var day = new Interval(Instant.FromUtc(2023, 11, 16, 0, 0), Instant.FromUtc(2023, 11, 17, 0, 0));
        var summary = await Billing.Usage.SummaryAsync(_tenant, new UsageSummaryQuery { Customer = "acme", Metric = "tokens", Period = day, GroupBy = ["model"] }, Token);
        foreach (var group in rows.GroupBy(row => row[2].Length))
        {
            var row = summary.Single(row => row.Group.Json == $"{{\"model\":\"{group.Key}\"}}");
            (row.Events, row.Value).ShouldBe((group.Count(), group.Sum(each => long.Parse(each[1], System.Globalization.CultureInfo.InvariantCulture))));
        }
    }

    private static Metric Tokens => new() { Code = "tokens", Name = "Tokens", EventType = "llm", Aggregation = Aggregation.Sum, Property = "tokens", GroupBy = ["model"] };

    private static Metric Calls => new() { Code = "calls", Name = "Calls", EventType = "llm", Aggregation = Aggregation.Count };

    private static UsageEvent Event(string id, PropertyValue tokens) =>
        new() { Id = id, Type = "llm", Customer = "acme", Timestamp = Window.Start + Duration.FromHours(3), Properties = UsageProperties.Of(("tokens", tokens)) };

    private async Task<Customer> SetUpAsync()
    {
        await Billing.Metrics.CreateAsync(_tenant, Tokens, Token);
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Later", Currency = Currency.Parse("USD"), ExternalId = "later" }, Token);
        return await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", Currency = Currency.Parse("USD"), ExternalId = "acme" }, Token);
    }

    private async Task<decimal> SumAsync(string metric = "tokens") =>
        (await Billing.Usage.SummaryAsync(_tenant, new UsageSummaryQuery { Customer = "acme", Metric = metric, Period = Window }, Token)).ShouldHaveSingleItem().Value;
}

public sealed class SqliteUsageTests(SqliteFixture fixture) : UsageTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresUsageTests(PostgresFixture fixture) : UsageTests(fixture), IClassFixture<PostgresFixture>;
