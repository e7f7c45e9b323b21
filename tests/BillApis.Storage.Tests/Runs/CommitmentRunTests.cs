using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>Commitments and thresholds on a real database, with late usage and several nodes at once.</summary>
public abstract class CommitmentRunTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_month_comes_to_its_commitment_and_late_usage_draws_on_it()
    {
        await CatalogAsync(commitment: 100m);
        var subscription = await SubscribeAsync();
        await RecordAsync("in-time", 30m, At(1, 10));
        (await Billing.Previews.UpcomingAsync(_tenant, subscription.Id.ToString(), Token))!.Total.Amount.ShouldBe(100m);
        await RunAsync(At(2, 1));
        await RecordAsync("late", 50m, At(1, 11));
        await RecordAsync("february", 120m, At(2, 10));
        await RunAsync(At(3, 1));

        // January: 30 and 70 missing. February: 120 of its own, and 50 late, of which the 70 pay 50.
        (await TotalsAsync()).ShouldBe([100m, 120m]);
        var february = (await InvoicesAsync())[1];
        february.Lines.Select(line => (line.Kind, line.Amount.Amount)).ShouldBe([(LineKind.Usage, 120m), (LineKind.Adjustment, 50m), (LineKind.Commitment, -50m)]);
    }

    [Fact]
    public async Task Whatever_comes_late_the_months_of_a_committed_quarter_add_up_to_the_rating_of_everything_at_once()
    {
        foreach (var policy in Enum.GetValues<LateUsagePolicy>().Where(policy => policy is not LateUsagePolicy.Orphan))
        {
            var tenant = EntityId.New<TenantId>();
            await CatalogAsync(commitment: 300m, new BillingInterval(IntervalUnit.Quarter, 1), tenant: tenant);
            await Billing.Settings.ChangeAsync(tenant, settings => settings with { LateUsage = policy }, Token);
            await SubscribeAsync(tenant: tenant);
            var (random, sum, ids, amounts) = (new Random(20261125 + (int)policy), 0m, new List<string>(), new Dictionary<string, decimal>());
            for (var month = 1; month <= 4; month++)
            {
                for (var i = 0; i < 6; i++)
                {
                    var (id, amount) = ($"e-{month}-{i}", random.Next(100, 2_500) / 100m);
                    var late = random.Next(3) == 0 ? Math.Max(1, month - 1) : month;
                    if (late <= 3)
                    {
                        sum += amount;
                        ids.Add(id);
                        amounts[id] = amount;
                        await RecordAsync(id, amount, At(late, 1 + i), tenant);
                    }
                }

                if (month == 3 && ids.Count > 0)
                {
                    await Billing.Usage.VoidAsync(tenant, ids[0], "wrong", cancellationToken: Token);
                    sum -= amounts[ids[0]];
                }

                await RunAsync(At(month + 1, 1), tenant);
            }

            // What the second quarter has so far is April's own.
            var lines = (await InvoicesAsync(tenant)).SelectMany(invoice => invoice.Lines).ToList();
            var memos = (await Billing.CreditMemos.ListAsync(tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items.Sum(memo => memo.Total.Amount);
            var first = lines.Where(line => line.Period!.Value.Start < At(4, 1)).Sum(line => line.Amount.Amount) - memos;
            first.ShouldBe(Math.Max(300m, sum), $"{policy}");
        }
    }

    [Fact]
    public async Task Usage_is_billed_as_it_reaches_the_threshold_and_never_twice_however_many_run_at_once()
    {
        await CatalogAsync(threshold: 50m);
        var subscription = await SubscribeAsync();
        await RecordAsync("a", 49m, At(1, 5));
        await RacedAsync(At(1, 6));
        (await TotalsAsync()).ShouldBeEmpty();

        await RecordAsync("b", 12m, At(1, 7));
        await RacedAsync(At(1, 8));
        await RecordAsync("c", 20m, At(1, 9));
        await RacedAsync(At(1, 10));
        await RecordAsync("d", 40m, At(1, 11));
        await RacedAsync(At(1, 12));
        await RecordAsync("e", 4.5m, At(1, 13));
        var preview = (await Billing.Previews.UpcomingAsync(_tenant, subscription.Id.ToString(), Token))!;
        await RacedAsync(At(2, 1));

        // 61 at 50, 60 more at 111, and the 4.50 that are left.
        var invoices = await InvoicesAsync();
        invoices.Select(invoice => (invoice.Kind, invoice.Total.Amount)).ShouldBe([(InvoiceKind.Progressive, 61m), (InvoiceKind.Progressive, 60m), (InvoiceKind.Subscription, 4.5m)]);
        (invoices[2].Id, invoices[2].Total).ShouldBe((preview.Id, preview.Total));
        invoices[2].Lines.Single().Adjustment.ShouldBe(new LineAdjustment(125.5m, Money.Of(125.5m, Usd), Money.Of(121m, Usd)));

        await RecordAsync("late", 3m, At(1, 20));
        await RacedAsync(At(3, 1));
        (await TotalsAsync()).Sum().ShouldBe(128.5m);
    }

    private async Task CatalogAsync(decimal? commitment = null, BillingInterval? interval = null, decimal? threshold = null, TenantId? tenant = null)
    {
        var owner = tenant ?? _tenant;
        var calls = await Billing.Metrics.CreateAsync(owner, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Sum, Property = "n" }, Token);
        var price = await Billing.Prices.CreateAsync(owner, new Price { Code = "calls", Metric = calls.Id, Terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(1m) } }, Token);
        await Billing.Plans.CreateAsync(owner, new Plan
        {
            Code = "pro", Name = "Pro", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])
            {
                Commitment = commitment is { } amount ? new MinimumCommitment(Money.Of(amount, Usd), interval ?? new BillingInterval(IntervalUnit.Month, 1)) : null,
                UsageThreshold = threshold is { } least ? Money.Of(least, Usd) : null,
            }],
        }, Token);
        await Billing.Plans.PublishAsync(owner, "pro", Token);
        await Billing.Customers.CreateAsync(owner, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
    }

    private Task<Subscription> SubscribeAsync(TenantId? tenant = null) => Billing.Subscriptions.CreateAsync(tenant ?? _tenant, new NewSubscription("acme", "pro") { StartAt = At(1, 1) }, Token);

    private Task RecordAsync(string id, decimal amount, Instant at, TenantId? tenant = null) =>
        Billing.Usage.RecordAsync(tenant ?? _tenant, new UsageEvent { Id = id, Type = "call", Customer = "acme", Timestamp = at, Properties = UsageProperties.Of(("n", amount)) }, Token);

    private Task<InvoiceRun> RunAsync(Instant at, TenantId? tenant = null) => Billing.Runs.RunAsync(tenant ?? _tenant, at, cancellationToken: Token);

    private Task RacedAsync(Instant at) =>
        Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? Billing : fixture.GetFromAnotherNode<Billing>()).Runs.RunAsync(_tenant, at, cancellationToken: Token))));

    private async Task<List<Invoice>> InvoicesAsync(TenantId? tenant = null) =>
        [.. (await Billing.Invoices.ListAsync(tenant ?? _tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items.OrderBy(invoice => invoice.Number)];

    private async Task<List<decimal>> TotalsAsync() => [.. (await InvoicesAsync()).Select(invoice => invoice.Total.Amount)];

    private static Instant At(int month, int day) => Instant.FromUtc(2026, month, day, 0, 0);
}

public sealed class SqliteCommitmentRunTests(SqliteFixture fixture) : CommitmentRunTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresCommitmentRunTests(PostgresFixture fixture) : CommitmentRunTests(fixture), IClassFixture<PostgresFixture>;
