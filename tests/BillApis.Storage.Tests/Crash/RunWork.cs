using System.Collections.Immutable;
using System.Globalization;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Bills what is due and pays every invoice, as a worker; and what has to come of it, counted by hand.</summary>
internal static class RunWork
{
    /// <summary>A fee for each of four months in advance and the usage of the three before the last boundary.</summary>
    public const int InvoicesOfEach = 4;

    public static readonly Instant AsOf = Instant.FromUtc(2026, 4, 1, 0, 0);
    private const int SubscriptionsOfRound = 12;
    private const string Coupon = "welcome";
    private const string Entity = "north";
    private const decimal Discount = 5, Credit = 12, Team = 7;
    private static readonly TenantId Tenant = TenantId.Default;
    private static readonly Currency Usd = Currency.Parse("USD");

    // What charges nothing more, and binds each invoice to those before it.
    private static readonly MinimumCommitment Smallest = new(Money.Of(0.01m, Usd), new BillingInterval(IntervalUnit.Month, 1));

    /// <summary>So few that several runners have something to do.</summary>
    public const int BatchOfRunners = 2;

    public static async Task BillAsync(Billing billing, string asOf)
    {
        Console.WriteLine(Program.Ready);
        await billing.Runs.RunAsync(Tenant, InstantPattern.General.Parse(asOf).Value);
        Console.WriteLine("billed.");
    }

    public static async Task RunAsync(Billing billing, string asOf)
    {
        await BillAsync(billing, asOf);
        foreach (var invoice in await InvoicesAsync(billing))
        {
            if (invoice.IsOpen)
            {
                await billing.Invoices.PayAsync(Tenant, invoice.Id.ToString(), invoice.Due.Amount, $"bank {invoice.Id}");
                Console.WriteLine($"{invoice.DisplayNumber}.");
            }
        }
    }

    public static async Task<List<Invoice>> InvoicesAsync(Billing billing)
    {
        var all = new List<Invoice>();
        for (string? after = null; ;)
        {
            var page = await billing.Invoices.ListAsync(Tenant, new StoreQuery { Limit = Limits.PageSize, After = after });
            all.AddRange(page.Items);
            if ((after = page.Next) is null)
            {
                return all;
            }
        }
    }

    /// <summary>What each subscription is billed: invoices over several are taken apart.</summary>
    public static List<(SubscriptionId Subscription, Invoice Part)> PartsOf(IEnumerable<Invoice> invoices) =>
        [.. invoices.SelectMany(invoice => invoice.Subscriptions().Select(subscription => (subscription, invoice.PartOf(subscription))))];

    /// <summary>What was bought and is used by the invoices: a third of the customers have some.</summary>
    public static async Task<IReadOnlyList<CreditGrant>> GrantsAsync(Billing billing) => (await billing.Credits.ListAsync(Tenant, new StoreQuery { Limit = Limits.PageSize })).Items;

    public static async Task CreatePlanAsync(Billing billing)
    {
        var metric = await billing.Metrics.CreateAsync(Tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Sum, Property = "n" });
        var fee = await billing.Prices.CreateAsync(Tenant, new Price { Code = "fee", Terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(10), Timing = BillingTiming.InAdvance } });
        var calls = await billing.Prices.CreateAsync(Tenant, new Price { Code = "calls", Metric = metric.Id, Terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(0.25m) } });
        await billing.Plans.CreateAsync(Tenant, new Plan { Code = "plan", Name = "Plan", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(fee), new PlanItem(calls)])] });
        await billing.Plans.PublishAsync(Tenant, "plan");
        var team = await billing.Prices.CreateAsync(Tenant, new Price { Code = "team", Terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(Team), Timing = BillingTiming.InAdvance } });
        await billing.Plans.CreateAsync(Tenant, new Plan { Code = "team", Name = "Team", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(team)])] });
        await billing.Plans.PublishAsync(Tenant, "team");
        await billing.LegalEntities.CreateAsync(Tenant, new LegalEntity { Code = Entity, Name = "North", InvoiceSeries = "NORTH", CreditMemoSeries = "NORTH-C" });
        await billing.Coupons.CreateAsync(Tenant, new Coupon { Code = Coupon, Terms = new CouponTerms { AmountOff = Money.Of(Discount, Usd) } });
    }

    /// <summary>Makes customers with subscriptions and usage that nobody billed yet, each fourth with two that are billed together; answers what each owes in the end, in cents.</summary>
    public static async Task<ImmutableDictionary<SubscriptionId, long>> AddAsync(Billing billing, int round)
    {
        var owed = ImmutableDictionary.CreateBuilder<SubscriptionId, long>();
        var events = new List<UsageEvent>();
        var entity = (await billing.LegalEntities.GetAsync(Tenant, Entity)).Id;
        for (var i = 0; i < SubscriptionsOfRound; i++)
        {
            var customer = string.Create(CultureInfo.InvariantCulture, $"c{round}-{i}");
            await billing.Customers.CreateAsync(Tenant, new Customer { Name = customer, ExternalId = customer, Currency = Usd, LegalEntity = i % 2 == 0 ? null : entity, ConsolidateInvoices = i % 4 == 3 });
            var credited = i % 3 == 0;
            var subscription = await billing.Subscriptions.CreateAsync(Tenant, new NewSubscription(customer, "plan") { StartAt = Instant.FromUtc(2026, 1, 1, 0, 0), Coupons = credited ? [Coupon] : [], UsageThreshold = i % 4 == 1 ? Money.Of(0.5m, Usd) : null, Commitment = i % 4 == 2 ? Smallest : null });
            if (i % 4 == 3)
            {
                owed[(await billing.Subscriptions.CreateAsync(Tenant, new NewSubscription(customer, "team") { StartAt = Instant.FromUtc(2026, 1, 1, 0, 0) })).Id] = (long)(100 * Team) * InvoicesOfEach;
            }

            if (credited)
            {
                await billing.Credits.GrantAsync(Tenant, new NewCreditGrant(customer, Money.Of(Credit, Usd)) { Category = CreditCategory.Paid });
            }

            events.AddRange(Enumerable.Range(1, 3).Select(month => new UsageEvent
            {
                Id = $"{customer}-{month}", Type = "call", Customer = customer, Timestamp = Instant.FromUtc(2026, month, 15, 12, 0), Properties = UsageProperties.Of(("n", round + (i * month))),
            }));
            owed[subscription.Id] = (1_000 * InvoicesOfEach) - (credited ? (long)(100 * Discount) : 0) + (25 * Enumerable.Range(1, 3).Sum(month => round + (i * month)));
        }

        (await billing.Usage.RecordAsync(Tenant, events)).Accepted.ShouldBe(events.Count);
        return owed.ToImmutable();
    }
}
