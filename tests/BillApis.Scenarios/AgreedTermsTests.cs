using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>Lines are explained and recomputed by the terms that they were made by, where a price has several: those agreed to before and after a change, and those of others that are billed together.</summary>
public sealed class AgreedTermsTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_of_those_that_are_billed_together_has_its_own_terms(string storage)
    {
        // Three seats at the 10.00 of the plan, and three at the 8.00 that were agreed for the other subscription.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = true });
        var plan = await life.PlanAsync("basic", Offer.Seats("seat", 10, quantity: 3));
        var agreed = plan.Latest.Items[0].Price.Terms with { Model = new PerUnitPrice(8) };
        await life.SubscribeAsync("acme", "basic");
        await life.SubscribeAsync("acme", "basic", with => with with { Prices = with.Prices.Add("seat", agreed) });
        await life.GoToAsync("2026-06-01");
        var invoice = (await life.InvoicesAsync("acme")).ShouldHaveSingleItem();
        invoice.Lines.Select(line => line.Amount.Amount).Order().ShouldBe([24m, 30m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [InlineData("sqlite", ChangeProration.Prorate, 750, -1500)]
    [InlineData("postgres", ChangeProration.Prorate, 750, -1500)]
    [InlineData("sqlite", ChangeProration.Full, 1500, -3000)]
    [InlineData("postgres", ChangeProration.Full, 1500, -3000)]
    public async Task What_is_given_back_is_of_the_old_terms_and_what_is_charged_of_the_new_ones(string storage, ChangeProration proration, long charged, long back)
    {
        // 30.00 for June become 15.00 on the 16th: half of each, or all of it.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        var plan = await life.PlanAsync("basic", Offer.Fee("fee", 30));
        var subscription = await life.SubscribeAsync("acme", "basic");
        await life.GoToAsync("2026-06-16");
        await AgreeAsync(life, subscription, plan, new FlatPrice(15), proration);
        (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => line.Amount.MinorUnits).ShouldBe([charged, back]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_a_maximum_took_off_comes_back_with_the_rest(string storage)
    {
        // Ten seats at 10.00 and at most 60.00; half of June is left: 50.00 less the half of what the maximum took off.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Seats("seat", 10, quantity: 10).Having(terms => terms with { MaximumAmount = 60 }));
        var subscription = await life.SubscribeAsync("acme", "basic");
        await life.GoToAsync("2026-06-16");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new Cancel { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => line.Amount.Amount).ShouldBe([-50m, 20m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_a_minimum_added_comes_back_beside_the_new_minimum(string storage)
    {
        // Three seats at 10.00 and at least 60.00; for the half of June that is left they cost 15.00: 22.50 and 7.50, and half of 30.00 and of 30.00 comes back.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        var plan = await life.PlanAsync("basic", Offer.Seats("seat", 10, quantity: 3).Having(terms => terms with { MinimumAmount = 60 }));
        var subscription = await life.SubscribeAsync("acme", "basic");
        await life.GoToAsync("2026-06-16");
        await AgreeAsync(life, subscription, plan, new PerUnitPrice(15));
        (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => line.Amount.Amount).ShouldBe([22.5m, 7.5m, -15m, -15m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_agreed_and_given_up_at_one_instant_is_explained_by_what_was_agreed(string storage)
    {
        // On the 16th 30.00 become 15.00, half of each; at that very instant the plan is left for a free one, and the 7.50 comes back.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        var plan = await life.PlanAsync("basic", Offer.Fee("fee", 30));
        await life.PlanAsync("free", Offer.Fee("nothing", 0));
        var subscription = await life.SubscribeAsync("acme", "basic");
        await life.GoToAsync("2026-06-16");
        await AgreeAsync(life, subscription, plan, new FlatPrice(15));
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new ChangePlan("free") { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Lines.Sum(line => line.Amount.Amount)).ShouldBe([30m, -7.5m, -7.5m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_price_that_was_bought_twice_has_its_minimum_twice_and_gives_one_of_them_back(string storage)
    {
        // Two add-ons of 10.00, each at least 15.00; half of June is left of the one that is removed: 5.00 and 2.50.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("free", Offer.Fee("nothing", 0));
        await life.PlanAsync("extra", Offer.Fee("extra", 10).Having(terms => terms with { MinimumAmount = 15 }));
        var id = (await life.SubscribeAsync("acme", "free")).Id.ToString();
        await life.GoToAsync("2026-06-01");
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new AddAddOn("extra") { At = Day.Of("2026-06-02") }, Token);
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new AddAddOn("extra") { At = Day.Of("2026-06-02") }, Token);
        await life.GoToAsync("2026-06-17");
        var removed = await life.Billing.Changes.ApplyAsync(life.Tenant, id, new RemoveAddOn("0") { When = ChangeWhen.Immediate }, Token);
        removed.Invoice!.Lines.Select(line => line.Amount.Amount).ShouldBe([-5m, -2.5m]);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([0m, 30m, -7.5m]);
        await BilledLives.VerifyAsync(life);
    }

    // Other terms for the plan's only price, from now on.
    private static Task<SubscriptionChanged> AgreeAsync(Scenario life, Subscription subscription, Plan plan, PriceModel model, ChangeProration? proration = null)
    {
        var price = plan.Latest.Items[0].Price;
        var agreed = ImmutableSortedDictionary<string, PriceTerms>.Empty.Add(price.Code, price.Terms with { Model = model });
        return life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new ChangePrices(agreed) { When = ChangeWhen.Immediate, Proration = proration }, Token);
    }
}
