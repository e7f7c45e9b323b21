using System.Globalization;

namespace BillApis.Scenarios;

/// <summary>Usage that an add-on charges is charged once, whoever else charges by the same price.</summary>
public sealed class AddOnUsageTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_metered_price_is_not_added_twice(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        var subscription = await SubscribeAsync(life);
        var refusal = await Should.ThrowAsync<BillingException>(() => life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new AddAddOn("calls"), Token));
        (refusal.Code, refusal.Message).ShouldBe((BillingErrorCode.Conflict, string.Create(CultureInfo.InvariantCulture, $"The subscription '{subscription}' is charged for its usage by the price 'calls' already, and that only once.")));
        await life.UseAsync("acme", "call", 3, "2026-01-10");
        await life.GoToAsync("2026-02-02");
        (await ChargedAsync(life)).ShouldBe([3m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_plan_that_has_the_price_of_an_add_on_charges_its_usage_once(string storage)
    {
        // At 1.00 each, 3 before the change are the add-on's, 4 after it the plan's, and 5 in the month after that the add-on's again.
        await using var life = await StartAsync(storage, "2026-01-01");
        var subscription = await SubscribeAsync(life);
        await life.UseAsync("acme", "call", 3, "2026-01-10");
        await life.GoToAsync("2026-01-16");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new ChangePlan("metered"), Token);
        await life.UseAsync("acme", "call", 4, "2026-01-20");
        await life.GoToAsync("2026-02-01");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new ChangePlan("basic"), Token);
        await life.UseAsync("acme", "call", 5, "2026-02-20");
        await life.GoToAsync("2026-03-02");
        (await ChargedAsync(life)).Where(amount => amount != 0).ShouldBe([3m, 4m, 5m]);
    }

    private static async Task<IEnumerable<decimal>> ChargedAsync(Scenario life) => (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Where(line => line.Metric is not null).Select(line => line.Amount.Amount);

    private static async Task<string> SubscribeAsync(Scenario life)
    {
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 10));
        await life.PlanAsync("metered", Offer.Fee("metered-fee", 20), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        var subscription = (await life.SubscribeAsync("acme", "basic")).Id.ToString();
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new AddAddOn("calls", 1, OwnCycle: false), Token);
        return subscription;
    }
}
