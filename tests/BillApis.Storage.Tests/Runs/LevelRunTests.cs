using System.Text.Json;
using BillApis.Conformance;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>Levels over time in periods that are cut: 310 GB that are there all the time, from 18 January to 11 March, billed by the calendar's month at 0.10 a GB and month.</summary>
public abstract class LevelRunTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 18, 0, 0);
    private static readonly Instant End = Instant.FromUtc(2026, 3, 11, 0, 0);
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Proration.None, TimeWeighting.Second)]
    [InlineData(Proration.BySecond, TimeWeighting.Second)]
    [InlineData(Proration.None, TimeWeighting.Day)]
    public async Task A_part_of_a_period_weighs_its_part_however_the_price_prorates_and_the_preview_says_so_too(Proration proration, TimeWeighting weighting)
    {
        var subscription = await SubscribeAsync(proration, weighting);

        var preview = (await Billing.Previews.UpcomingAsync(_tenant, subscription, Token))!;
        (preview.Lines.Single().Quantity, preview.Total.Amount).ShouldBe((140m, 14m), "14 of the 31 days of January");
        await Billing.Runs.RunAsync(_tenant, Instant.FromUtc(2026, 2, 1, 0, 0), cancellationToken: Token);
        JsonSerializer.Serialize((await Billing.Invoices.GetAsync(_tenant, preview.Id.ToString(), Token)).Lines, BillingJson.Options).ShouldBe(JsonSerializer.Serialize(preview.Lines, BillingJson.Options));

        var explained = (await Billing.Explanations.InvoiceAsync(_tenant, preview.Id.ToString(), cancellationToken: Token)).Lines.Single();
        (explained.Usage!.Quantity, explained.Usage.Totals.Sum(row => row.Value), explained.Agrees).ShouldBe((140m, 140m, true));

        await Billing.Runs.RunAsync(_tenant, End, cancellationToken: Token);
        (await LinesAsync(subscription)).ShouldBe(["2026-01-18 140 14", "2026-02-01 310 31", "2026-03-01 100 10"], "all of February, and 10 of the 31 days of March");
    }

    [Fact]
    public async Task A_late_change_is_adjusted_by_its_part_of_the_whole_period()
    {
        var subscription = await SubscribeAsync(Proration.None, TimeWeighting.Second);
        await Billing.Runs.RunAsync(_tenant, Instant.FromUtc(2026, 2, 1, 0, 0), cancellationToken: Token);

        await RecordAsync("late", 31, Instant.FromUtc(2026, 1, 25, 0, 0));

        await Billing.Runs.RunAsync(_tenant, Instant.FromUtc(2026, 3, 1, 0, 0), cancellationToken: Token);
        (await LinesAsync(subscription)).ShouldBe(["2026-01-18 140 14", "2026-01-18 7 0.7", "2026-02-01 341 34.1"], "31 more for 7 of 31 days, and for all of February");
    }

    private async Task<List<string>> LinesAsync(string subscription)
    {
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery().With("subscription_id", subscription), Token)).Items;
        return [.. invoices.SelectMany(invoice => invoice.Lines).Select(line => $"{line.Period!.Value.Start.ToString()![..10]} {Exact.Format(line.Quantity)} {Exact.Format(line.Amount.Amount)}").Order(StringComparer.Ordinal)];
    }

    private async Task<string> SubscribeAsync(Proration proration, TimeWeighting weighting)
    {
        var metric = await Billing.Metrics.CreateAsync(
            _tenant, new Metric { Code = "gb", Name = "GB", EventType = "stored", Aggregation = Aggregation.WeightedSum, Property = "gb", Recurring = true, Weighting = weighting }, Token);
        var terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(0.1m), Proration = proration };
        var price = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "gb", Metric = metric.Id, Terms = terms }, Token);
        await Billing.Plans.CreateAsync(_tenant, new Plan { Code = "storage", Name = "Storage", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])] }, Token);
        await Billing.Plans.PublishAsync(_tenant, "storage", Token);
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
        var subscription = await Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription("acme", "storage") { StartAt = Start, EndAt = End, Anchor = BillingAnchor.Calendar }, Token);
        await RecordAsync("all", 310, Start);
        return subscription.Id.ToString();
    }

    private async Task RecordAsync(string id, int gb, Instant at) =>
        (await Billing.Usage.RecordAsync(_tenant, new UsageEvent { Id = id, Type = "stored", Customer = "acme", Timestamp = at, Properties = UsageProperties.Of(("gb", gb)) }, Token)).Orphans.ShouldBeEmpty();
}

public sealed class SqliteLevelRunTests(SqliteFixture fixture) : LevelRunTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresLevelRunTests(PostgresFixture fixture) : LevelRunTests(fixture), IClassFixture<PostgresFixture>;
