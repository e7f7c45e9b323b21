namespace BillApis.Scenarios;

/// <summary>A change of a monthly subscription on the 9th, where the week's 10.00 of another that is billed together with it are due since the 8th, and billed before it.</summary>
public sealed class BilledBesideTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_changes_preview_leaves_the_credit_to_what_is_billed_before_it(string storage)
    {
        // Of 15.00 of credit 5.00 are left for the add-on.
        await using var life = await StartAsync(storage, "2026-06-01");
        var monthly = await BegunAsync(life);
        await life.PlanAsync("more", Offer.Fee("extra", 40));
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(15, Currency.Parse("USD"))), Token);
        life.Clock.MoveTo(Day.Of("2026-06-09"));
        var addOn = new AddAddOn("extra") { When = ChangeWhen.Immediate };
        var preview = await life.Billing.Changes.PreviewAsync(life.Tenant, monthly, addOn, Token);
        var changed = await life.Billing.Changes.ApplyAsync(life.Tenant, monthly, addOn, Token);
        decimal Used(SubscriptionChanged of) => of.Invoice!.Credits.Sum(credit => credit.Amount.Amount);
        (Used(preview), Used(changed)).ShouldBe((5m, 5m));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_change_that_charges_nothing_answers_no_invoice(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        var monthly = await BegunAsync(life);
        life.Clock.MoveTo(Day.Of("2026-06-09"));
        var term = new Renew(Day.Of("2026-12-01"));
        (await life.Billing.Changes.PreviewAsync(life.Tenant, monthly, term, Token)).Invoice.ShouldBeNull();
        (await life.Billing.Changes.ApplyAsync(life.Tenant, monthly, term, Token)).Invoice.ShouldBeNull();
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([40m, 10m]);
    }

    private static async Task<string> BegunAsync(Scenario life)
    {
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = true });
        await life.PlanAsync("weekly", Offer.Fee("week", 10).Every(IntervalUnit.Day, 7));
        await life.PlanAsync("monthly", Offer.Fee("fee", 30));
        await life.SubscribeAsync("acme", "weekly");
        var monthly = await life.SubscribeAsync("acme", "monthly");
        await life.GoToAsync("2026-06-01");
        return monthly.Id.ToString();
    }
}
