namespace BillApis.Scenarios;

/// <summary>What happens at the very instant that was billed last, while the clock stands still, is billed with what that left out, and nothing of it twice. June 2026 has 30 days.</summary>
public sealed class SameInstantTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_given_back_at_the_instant_is_charged_again_however_the_rest_is_prorated(string storage)
    {
        // Canceled on the 16th, half of the seat's 6.00 comes back; reactivated at that instant, it is charged again though nothing is to be prorated.
        await using var life = await BegunAsync(storage);
        await life.GoToAsync("2026-06-16");
        var id = await SubscriptionAsync(life);
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new Cancel { When = ChangeWhen.Immediate }, Token);
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new Reactivate { Proration = ChangeProration.None }, Token);
        await life.GoToAsync("2026-06-30");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Where(line => line.Metric is null).Select(line => line.Amount.Amount).ShouldBe([6m, -3m, 3m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Usage_that_comes_after_an_instant_was_billed_is_no_correction_of_what_is_billed_at_it_still(string storage)
    {
        // An add-on of 5.00 is billed on the 16th; then 10 calls of June 5 come, and the plan that charges them ends at that same instant: they are 10.00 once.
        await using var life = await BegunAsync(storage);
        await life.SubscribeAsync("acme", "other");
        await life.PlanAsync("extra", Offer.Fee("extra", 5));
        await life.GoToAsync("2026-06-16");
        var id = (await life.InvoicesAsync("acme")).First(invoice => invoice.Lines.Any(line => line.Description == "seat")).Subscription!.Value.ToString();
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new AddAddOn("extra", 1, true) { When = ChangeWhen.Immediate }, Token);
        await life.UseAsync("acme", "call", 10, "2026-06-05");
        var preview = await life.Billing.Changes.PreviewAsync(life.Tenant, id, new ChangePlan("other"), Token);
        var changed = await life.Billing.Changes.ApplyAsync(life.Tenant, id, new ChangePlan("other"), Token);
        decimal Calls(Invoice? invoice) => invoice!.Lines.Where(line => line.Metric is not null).Sum(line => line.Amount.Amount);
        (Calls(preview.Invoice), Calls(changed.Invoice)).ShouldBe((10m, 10m));
        await life.GoToAsync("2026-07-02");
        (await life.InvoicesAsync("acme")).Sum(Calls).ShouldBe(10m);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_given_back_of_a_plan_that_was_had_for_an_instant_is_by_its_own_terms(string storage)
    {
        // 60.00 were agreed for the fee and given up on the 10th. On the 16th all of June is charged at the plan's 30.00, and at that instant the zone changes: half of it comes back, and the 358 of Berlin's 720 hours are charged.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        var plan = await life.PlanAsync("basic", Offer.Fee("fee", 30));
        await life.PlanAsync("free", Offer.Fee("nothing", 0));
        var id = (await life.SubscribeAsync("acme", "basic", with => with with { Anchor = BillingAnchor.Calendar, Prices = with.Prices.Add("fee", plan.Latest.Items[0].Price.Terms with { Model = new FlatPrice(60) }) })).Id.ToString();
        await life.GoToAsync("2026-06-10");
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new ChangePlan("free") { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-06-16");
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new ChangePlan("basic") { When = ChangeWhen.Immediate, Proration = ChangeProration.Full }, Token);
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new ChangeZone(Berlin) { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([60m, -42m, 30m, -0.08m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_commitment_that_was_settled_at_the_instant_is_met_by_what_comes_late(string storage)
    {
        // Nothing was used of June's 100.00; then 10 calls of June come, and the plan changes at the instant at which June was settled: they take the place of 10.00.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.PlanAsync("other", Offer.Fee("nothing", 0));
        await life.SubscribeAsync("acme", "basic", with => with with { Commitment = new MinimumCommitment(Money.Of(100, Currency.Parse("USD")), new BillingInterval(IntervalUnit.Month, 1)) });
        life.Clock.MoveTo(Day.Of("2026-07-01"));
        await life.RunAsync();
        await life.UseAsync("acme", "call", 10, "2026-06-20");
        var id = await SubscriptionAsync(life);
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new ChangePlan("other") { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Select(line => line.Amount.Amount).Where(amount => amount != 0).ShouldBe([100m, 10m, -10m]);
        await BilledLives.VerifyAsync(life);
    }

    private async Task<Scenario> BegunAsync(string storage)
    {
        var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Usage("calls", "call", new PerUnitPrice(1)), Offer.Seats("seat", 6));
        await life.PlanAsync("other", Offer.Fee("nothing", 0));
        await life.SubscribeAsync("acme", "basic");
        await life.GoToAsync("2026-06-01");
        return life;
    }
}
