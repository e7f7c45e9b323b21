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

    [Theory]
    [InlineData("sqlite", InvoiceApproval.Automatic)]
    [InlineData("postgres", InvoiceApproval.Automatic)]
    [InlineData("sqlite", InvoiceApproval.Manual)]
    [InlineData("postgres", InvoiceApproval.Manual)]
    public async Task A_draft_of_what_was_taken_back_is_withdrawn(string storage, InvoiceApproval approval)
    {
        // A pause on January 11 would give 21/31 of 10.00 back. It goes on at that very instant: nothing of it is billed, then or by whoever looks at drafts.
        await using var life = await SubscribedAsync(storage, settings => settings with { DraftHours = 36 });
        await life.GoToAsync("2026-01-11");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { InvoiceApproval = approval }, Token);
        var subscription = await SubscriptionAsync(life);
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Pause(), Token);
        var draft = (await life.InvoicesAsync("acme")).Single(invoice => invoice.Status is InvoiceStatus.Draft);
        draft.Total.Amount.ShouldBe(-6.77m);
        (await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Resume(), Token)).Subscription.Draft.ShouldBeNull();
        var withdrawn = await life.Billing.Invoices.GetAsync(life.Tenant, draft.Id.ToString(), Token);
        (withdrawn.Status, withdrawn.Total.Amount, withdrawn.Lines.Length).ShouldBe((InvoiceStatus.Canceled, 0m, 0));
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Invoices.IssueAsync(life.Tenant, draft.Id.ToString(), Token))).Code.ShouldBe(BillingErrorCode.Conflict);

        // Paused again at that instant it is another draft, which is issued.
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Pause(), Token);
        var again = (await life.InvoicesAsync("acme")).Single(invoice => invoice.Status is InvoiceStatus.Draft);
        (again.Id == draft.Id, again.Total.Amount).ShouldBe((false, -6.77m));
        await life.Billing.Invoices.IssueAsync(life.Tenant, again.Id.ToString(), Token);
        await life.GoToAsync("2026-03-02");
        (await life.InvoicesAsync("acme")).Where(invoice => invoice.Status is not InvoiceStatus.Canceled).Select(invoice => invoice.Total.Amount).ShouldBe([10m, -6.77m]);
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
