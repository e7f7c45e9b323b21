using System.Text.Json;
using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>Whatever the order in which events come, before or after their periods are billed: the bills of a period add up to what rating all its usage at once gives.</summary>
public abstract class LateOrderTests(StoreFixture fixture)
{
    private const int Events = 60;
    private static readonly Instant[] Boundaries = [.. Enumerable.Range(1, 5).Select(month => Instant.FromUtc(2026, month, 1, 0, 0))];
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, LateUsagePolicy.Adjust)]
    [InlineData(2, LateUsagePolicy.Adjust)]
    [InlineData(3, LateUsagePolicy.CreditMemo)]
    [InlineData(4, LateUsagePolicy.CreditMemo)]
    [InlineData(5, LateUsagePolicy.Invoice)]
    [InlineData(6, LateUsagePolicy.Invoice)]
    public async Task The_net_bill_of_a_period_does_not_depend_on_when_its_usage_came(int seed, LateUsagePolicy policy)
    {
        var random = new Random(seed);
        await Billing.Settings.ChangeAsync(_tenant, settings => settings with { LateUsage = policy }, Token);
        await LatePlan.CreateAsync(Billing, _tenant);
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = LatePlan.Usd }, Token);

        // Every other subscription ends with April's start: what comes after its last invoice has no next one.
        var ends = seed % 2 == 0;
        var subscription = await Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription("acme", LatePlan.Code) { StartAt = Boundaries[0], EndAt = ends ? Boundaries[3] : null }, Token);
        var events = Enumerable.Range(0, Events).Select(number => LatePlan.Event(random, number, Boundaries[0], Boundaries[3])).ToArray();
        var arrivals = events.ToDictionary(item => item, item => random.Next(Boundaries.Length));
        for (var stage = 0; stage < Boundaries.Length; stage++)
        {
            await DeliverAsync(random, [.. events.Where(item => arrivals[item] == stage || (arrivals[item] < stage && random.Next(4) == 0))]);
            await BillAsync(subscription, Boundaries[stage]);
        }

        await DeliverAsync(random, events);
        await BillAsync(subscription, Boundaries[^1]);
        await ShouldAddUpAsync(subscription, events, ends ? 3 : 4, $"seed {seed}");
    }

    // In any order, in batches of any size.
    private async Task DeliverAsync(Random random, UsageEvent[] events)
    {
        random.Shuffle(events);
        foreach (var batch in events.Chunk(1 + random.Next(20)))
        {
            var receipt = await Billing.Usage.RecordAsync(_tenant, batch, Token);
            (receipt.Accepted + receipt.Duplicates, receipt.Orphans.Length).ShouldBe((batch.Length, 0));
        }
    }

    // Preview equals charge, late usage included.
    private async Task BillAsync(Subscription subscription, Instant boundary)
    {
        var due = (await Billing.Subscriptions.GetAsync(_tenant, subscription.Id.ToString(), Token)).NextBillingAt;
        var preview = await Billing.Previews.UpcomingAsync(_tenant, subscription.Id.ToString(), Token);
        var dry = await Billing.Runs.RunAsync(_tenant, boundary, dryRun: true, cancellationToken: Token);
        var run = await Billing.Runs.RunAsync(_tenant, boundary, cancellationToken: Token);
        run.InvoicesCreated.ShouldBe(dry.InvoicesCreated);
        run.Status.ShouldBe(InvoiceRunStatus.Completed);
        if (preview is not null && (due is null || preview.CreatedAt <= boundary))
        {
            var issued = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = 1 }.With("kind", due is null ? "supplementary" : "subscription"), Token)).Items.Single();
            (issued.Correction, issued.Kind, issued.CreatedAt == preview.CreatedAt || due is null).ShouldBe((preview.Correction, preview.Kind, true));
            issued.Lines.Select(Text).ShouldBe(preview.Lines.Select(Text));
        }
    }

    private async Task ShouldAddUpAsync(Subscription subscription, UsageEvent[] events, int periods, string where)
    {
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }.With("subscription_id", subscription.Id.ToString()), Token)).Items;
        var memos = (await Billing.CreditMemos.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        var billed = invoices.SelectMany(invoice => invoice.Lines).Concat(memos.SelectMany(memo => memo.Lines).Select(line => line.Adjustment!)).ToLookup(line => line.Period!.Value);
        var net = 0L;
        for (var i = 0; i < periods; i++)
        {
            var period = new Interval(Boundaries[i], Boundaries[i + 1]);
            var once = await Billing.Previews.SimulateAsync(_tenant, new Simulation(LatePlan.Code, period, [.. events.Where(item => period.Contains(item.Timestamp!.Value))]), Token);
            foreach (var price in once.Lines.GroupBy(line => line.Price!.Value))
            {
                billed[period].Where(line => line.Price == price.Key).Sum(line => line.Amount.MinorUnits)
                    .ShouldBe(price.Sum(line => line.Amount.MinorUnits), $"{where}, period {i}, {price.First().Description}");
            }

            billed[period].Sum(line => line.Amount.MinorUnits).ShouldBe(once.Total.MinorUnits, where);
            net += once.Total.MinorUnits;
        }

        (invoices.Sum(invoice => invoice.Total.MinorUnits) - memos.Sum(memo => memo.Total.MinorUnits)).ShouldBe(net, where);
        (await Billing.Books.TrialBalanceAsync(_tenant, null, Token)).Totals.ShouldAllBe(total => total.Debits == total.Credits);

        billed.SelectMany(group => group).Where(line => line.Kind is LineKind.Adjustment).ShouldAllBe(line => line.Amount == line.Adjustment!.Amount - line.Adjustment.Billed);
        (await fixture.Get<IUsageStore>().ListLateAsync(new LateQuery { Tenant = _tenant }, Token)).ShouldBeEmpty(where);
    }

    private static string Text(InvoiceLine line) => JsonSerializer.Serialize(line with { Id = default }, BillingJson.Options);
}

public sealed class SqliteLateOrderTests(SqliteFixture fixture) : LateOrderTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresLateOrderTests(PostgresFixture fixture) : LateOrderTests(fixture), IClassFixture<PostgresFixture>;
