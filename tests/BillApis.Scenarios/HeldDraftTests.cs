namespace BillApis.Scenarios;

/// <summary>The clock goes on while drafts are looked at: 10.00 a month in advance.</summary>
public sealed class HeldDraftTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_draft_is_issued_as_its_time_to_be_looked_at_ends_and_the_next_follows(string storage)
    {
        await using var life = await SubscribedAsync(storage, settings => settings with { DraftHours = 36 });
        await life.GoToAsync("2026-01-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Status).ShouldBe([InvoiceStatus.Draft]);
        await life.GoToAsync("2026-02-02");
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Status, invoice.IssuedAt)).ShouldBe([(InvoiceStatus.Issued, Day.Of("2026-01-02T12:00")), (InvoiceStatus.Draft, null)]);
        await life.GoToAsync("2026-02-03");
        await BillsAsync(life, """
            2026-01-02T12:00 invoice: 10.00
              fee 2026-01-01..2026-02-01: 10.00
            2026-02-02T12:00 invoice: 10.00
              fee 2026-02-01..2026-03-01: 10.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_draft_that_waits_for_a_person_is_left_to_one(string storage)
    {
        await using var life = await SubscribedAsync(storage, settings => settings with { InvoiceApproval = InvoiceApproval.Manual, DraftHours = 36 });
        await life.GoToAsync("2026-03-02");
        var draft = (await life.InvoicesAsync("acme")).ShouldHaveSingleItem();
        draft.Status.ShouldBe(InvoiceStatus.Draft);
        await life.Billing.Invoices.IssueAsync(life.Tenant, draft.Id.ToString(), Token);
        await life.GoToAsync("2026-03-03");
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Status, invoice.Lines[0].Period!.Value.Start)).ShouldBe([(InvoiceStatus.Issued, Day.Of("2026-01-01")), (InvoiceStatus.Draft, Day.Of("2026-02-01"))], ignoreOrder: true);
    }

    private async Task<Scenario> SubscribedAsync(string storage, Func<TenantSettings, TenantSettings> settings)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings, Token);
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("fee", 10));
        await life.SubscribeAsync("acme", "basic");
        return life;
    }
}
