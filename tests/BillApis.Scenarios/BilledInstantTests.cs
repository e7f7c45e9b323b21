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
    public async Task What_is_taken_back_as_it_takes_effect_charges_nothing_twice(string storage)
    {
        // January is billed up to the 17th, 16 of 31 days, when a change of no length makes a bill of them: 16.00 of the fee in arrears and 7 calls. What is left is 15.00 and 5 calls.
        await using var life = await StartAsync(storage, "2026-01-01");
        foreach (var plan in (string[])["basic", "pro"])
        {
            await life.PlanAsync(plan, Offer.Fee($"{plan}-advance", 62), Offer.Fee($"{plan}-arrears", 31).Having(terms => terms with { Timing = BillingTiming.InArrears }), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        }

        var other = new PriceTerms { Currency = Currency.Parse("USD"), Model = new FlatPrice(93), Timing = BillingTiming.InArrears };
        ImmutableSortedDictionary<string, PriceTerms> Agreed(decimal amount) => ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("basic-arrears", other with { Model = new FlatPrice(amount) });
        Dictionary<string, SubscriptionChange[]> changes = new()
        {
            ["paused"] = [new Pause { When = ChangeWhen.Immediate }, new Resume()],
            ["canceled"] = [new Cancel { When = ChangeWhen.Immediate }, new Reactivate()],
            ["twice"] = [new Cancel { When = ChangeWhen.Immediate }, new Reactivate(), new Cancel { When = ChangeWhen.Immediate }, new Reactivate()],
            ["kept"] = [new Cancel { When = ChangeWhen.Immediate, Proration = ChangeProration.None }, new Reactivate()],
            ["term"] = [new Reactivate()],
            ["plan"] = [new ChangePlan("pro") { When = ChangeWhen.Immediate }, new ChangePlan("basic") { When = ChangeWhen.Immediate }],
            ["price"] = [new ChangePrices(Agreed(93)) { When = ChangeWhen.Immediate }, new ChangePrices(Agreed(31)) { When = ChangeWhen.Immediate }],
        };
        var subscriptions = new Dictionary<string, string>();
        foreach (var name in changes.Keys)
        {
            await life.CustomerAsync(name);
            subscriptions[name] = (await life.SubscribeAsync(name, "basic", with => name is "term" ? with with { EndAt = Day.Of("2026-01-17") } : with)).Id.ToString();
            await life.UseAsync(name, "call", 7, "2026-01-10");
        }

        await life.GoToAsync("2026-01-17");
        foreach (var (name, change) in changes.SelectMany(item => item.Value.Select(change => (item.Key, change))))
        {
            await ChangeAsync(life, subscriptions[name], change);
        }

        foreach (var name in changes.Keys)
        {
            await life.UseAsync(name, "call", 5, "2026-01-18");
        }

        await life.GoToAsync("2026-02-02");
        foreach (var name in changes.Keys)
        {
            // A fee of January and one of February in advance, and one of January in arrears; 12 calls.
            var lines = (await life.InvoicesAsync(name)).SelectMany(invoice => invoice.Lines).ToList();
            decimal Of(string code) => lines.Where(line => line.Description.StartsWith(code, StringComparison.Ordinal)).Sum(line => line.Amount.Amount);
            (name, Of("basic-advance"), Of("basic-arrears"), Of("pro"), Of("calls")).ShouldBe((name, 124m, 31m, 0m, 12m));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_commitment_that_was_settled_as_it_ended_is_not_settled_again(string storage)
    {
        // 310.00 a month: 160.00 for the 16 days up to the end, of which 40 calls leave 120.00 missing; taken up again at that instant, 150.00 for the rest, with 30 calls.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        var subscription = (await life.SubscribeAsync("acme", "pro", with => with with { Commitment = new MinimumCommitment(Money.Of(310, Currency.Parse("USD")), new BillingInterval(IntervalUnit.Month, 1)) })).Id.ToString();
        await life.UseAsync("acme", "call", 40, "2026-01-10");
        await life.GoToAsync("2026-01-17");
        await ChangeAsync(life, subscription, new Cancel { When = ChangeWhen.Immediate });
        await ChangeAsync(life, subscription, new Reactivate());
        await life.UseAsync("acme", "call", 30, "2026-01-20");
        await life.GoToAsync("2026-02-02");

        (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Lines.IsEmpty).Select(invoice => invoice.Total.Amount).ShouldBe([160m, 150m]);
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
