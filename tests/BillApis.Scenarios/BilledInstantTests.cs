using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>Changes at the very instant up to which a subscription is billed: what was charged for the time before is not charged again.</summary>
public sealed class BilledInstantTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Usage_is_charged_once_whatever_changes_as_its_month_ends(string storage)
    {
        // 4 calls in January, charged on February 1. Two changes and the end of it at that instant give back fees and charge them, and the calls not again.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 10), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.PlanAsync("pro", Offer.Fee("pro-fee", 20), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        var subscription = (await life.SubscribeAsync("acme", "pro")).Id.ToString();
        await life.UseAsync("acme", "call", 4, "2026-01-20");
        await life.GoToAsync("2026-02-01");
        await ChangeAsync(life, subscription, new ChangePlan("basic"));
        await ChangeAsync(life, subscription, new Cancel { When = ChangeWhen.Immediate });
        await BillsAsync(life, """
            2026-01-01 invoice: 20.00
              pro-fee 2026-01-01..2026-02-01: 20.00
            2026-02-01 invoice: 24.00
              calls × 4 2026-01-01..2026-02-01: 4.00
              pro-fee 2026-02-01..2026-03-01: 20.00
            2026-02-01 invoice: -10.00, due 0.00 (paid)
              basic-fee 2026-02-01..2026-03-01: 10.00
              pro-fee: unused time 2026-02-01..2026-03-01: -20.00
            2026-02-01 invoice: -10.00, due 0.00 (paid)
              basic-fee: unused time 2026-02-01..2026-03-01: -10.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Seats_in_arrears_are_charged_once(string storage)
    {
        // 3 seats at 2.00 in January, 5 from February 1 on, said at that instant.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", Offer.Seats("seats", 2, 3).Having(terms => terms with { Timing = BillingTiming.InArrears }));
        var subscription = (await life.SubscribeAsync("acme", "team")).Id.ToString();
        await life.GoToAsync("2026-02-01");
        await ChangeAsync(life, subscription, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", 5)));
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 6.00
              seats × 3 2026-01-01..2026-02-01: 6.00
            2026-03-01 invoice: 10.00
              seats × 5 2026-02-01..2026-03-01: 10.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_fee_that_is_charged_once_is_charged_once_where_something_changes_as_it_begins(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", Offer.Fee("setup", 50).Having(terms => terms with { Interval = null }), Offer.Seats("seats", 2, 3));
        var subscription = (await life.SubscribeAsync("acme", "team")).Id.ToString();
        await life.GoToAsync("2026-01-01");
        await ChangeAsync(life, subscription, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", 5)));
        await BillsAsync(life, """
            2026-01-01 invoice: 56.00
              setup: 50.00
              seats × 3 2026-01-01..2026-02-01: 6.00
            2026-01-01 invoice: 4.00
              seats × 5 2026-01-01..2026-02-01: 10.00
              seats: unused time 2026-01-01..2026-02-01: -6.00
            """);
    }

    private static async Task ChangeAsync(Scenario life, string subscription, SubscriptionChange change)
    {
        var preview = await life.Billing.Changes.PreviewAsync(life.Tenant, subscription, change, Token);
        var changed = await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, change, Token);
        (changed.Invoice?.Total).ShouldBe(preview.Invoice?.Total);
    }
}
