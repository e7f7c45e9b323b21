using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>What stands in the place of a withdrawn invoice is explained by what was known as that was made, whatever came since.</summary>
public sealed class ReissuedTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Late_usage_is_not_in_what_a_reissued_invoice_is_explained_by(string storage)
    {
        // 20 calls and 80 missing to the commitment were billed; 7 calls came before the reissue and 5 before its issue. The next bill takes 12 off what was missing.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro", with => with with { Commitment = new MinimumCommitment(Money.Of(100, Usd), new BillingInterval(IntervalUnit.Month, 1)) });
        await life.UseAsync("acme", "call", 20, "2026-01-20");
        await life.GoToAsync("2026-02-02");
        var billed = (await life.InvoicesAsync("acme")).Single();
        billed.Lines.Select(line => line.Amount.Amount).ShouldBe([20m, 80m]);

        await life.GoToAsync("2026-02-03");
        await life.UseAsync("acme", "call", 7, "2026-01-21");
        await life.GoToAsync("2026-02-04");
        var draft = await life.Billing.Invoices.ReissueAsync(life.Tenant, billed.Id.ToString(), Token);
        await AgreesAsync(life, draft, 20);
        await life.GoToAsync("2026-02-05");
        await life.UseAsync("acme", "call", 5, "2026-01-22");
        await life.GoToAsync("2026-02-06");
        await AgreesAsync(life, await life.Billing.Invoices.IssueAsync(life.Tenant, draft.Id.ToString(), Token), 20);
        await AgreesAsync(life, billed, 20);

        // A replacement of the replacement has the same lines.
        var again = await life.Billing.Invoices.ReissueAsync(life.Tenant, draft.Id.ToString(), Token);
        await AgreesAsync(life, await life.Billing.Invoices.IssueAsync(life.Tenant, again.Id.ToString(), Token), 20);
        await life.GoToAsync("2026-03-02");
        var march = (await life.InvoicesAsync("acme"))[^1];
        march.Lines.Select(line => line.Amount.Amount).Order().ShouldBe([-12m, 0m, 12m, 100m]);
        await AgreesAsync(life, march, 0);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_early_bill_that_was_reissued_has_no_minimum(string storage)
    {
        // 30 calls were billed early; the minimum of 35.00 is the last bill's.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 35 }));
        await life.SubscribeAsync("acme", "pro", with => with with { UsageThreshold = Money.Of(30, Usd) });
        await life.UseAsync("acme", "call", 30, "2026-01-10");
        await life.GoToAsync("2026-01-11");
        var early = (await life.InvoicesAsync("acme")).Single();
        await life.GoToAsync("2026-01-12");
        await life.UseAsync("acme", "call", 1, "2026-01-10");
        await AgreesAsync(life, await life.Billing.Invoices.ReissueAsync(life.Tenant, early.Id.ToString(), Token), 30);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_draft_that_was_withdrawn_is_explained_by_what_was_known_as_its_replacement_was_issued(string storage)
    {
        // 20 calls were drafted; 7 came after the replacement was issued.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 20, "2026-01-20");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { InvoiceApproval = InvoiceApproval.Manual }, Token);
        life.Clock.MoveTo(Day.Of("2026-02-01"));
        await life.RunAsync();
        var draft = (await life.InvoicesAsync("acme")).Single().Id.ToString();
        await life.Billing.Invoices.CancelAsync(life.Tenant, draft, Token);
        var replacement = await life.Billing.Invoices.ReissueAsync(life.Tenant, draft, Token);
        var issued = await life.Billing.Invoices.IssueAsync(life.Tenant, replacement.Id.ToString(), Token);
        life.Clock.MoveTo(Day.Of("2026-02-03"));
        await life.UseAsync("acme", "call", 7, "2026-01-21");
        await AgreesAsync(life, issued, 20);
    }

    private static async Task AgreesAsync(Scenario life, Invoice invoice, decimal quantity)
    {
        var explained = await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), cancellationToken: Token);
        explained.Lines.ShouldAllBe(line => line.Agrees, $"{invoice.Kind} {invoice.Status}");
        explained.Lines.First(line => line.Usage is not null).Usage!.Quantity.ShouldBe(quantity);
        if (invoice.Status is not InvoiceStatus.Draft)
        {
            await BilledLives.RecomputeAsync(life, invoice.Id.ToString());
        }
    }
}
