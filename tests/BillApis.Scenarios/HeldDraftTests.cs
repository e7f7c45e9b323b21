namespace BillApis.Scenarios;

/// <summary>The clock goes on while drafts are looked at: 10.00 a month in advance.</summary>
public sealed class HeldDraftTests(Databases databases) : LifeTests(databases)
{
    private const string Left = """
        2026-01-03 invoice: 31.00
          basic-fee 2026-01-01..2026-02-01: 31.00
        2026-02-01 invoice: 0.00 (canceled)
        2026-02-02 invoice: 1.00
          calls × 5 2026-01-01..2026-01-21: 5.00
          basic-fee: unused time 2026-01-21..2026-02-01 (11/31): -11.00
          Setup × 1: 7.00
        """;

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

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_draft_whose_boundary_is_gone_gives_its_place_and_what_people_added_to_the_one_that_is_due(string storage)
    {
        // Of 31.00 for January, 11 days are given back by who left on the 21st, as of February.
        await using var life = await UsedAsync(storage, settings => settings with { InvoiceApproval = InvoiceApproval.Manual });
        var old = await AddedToAsync(life, 7);
        await LeaveAsync(life);
        await life.RunAsync();
        await Should.ThrowAsync<BillingException>(() => life.Billing.Invoices.IssueAsync(life.Tenant, old.Id.ToString(), Token));
        var due = (await life.InvoicesAsync("acme")).Single(invoice => invoice.Status is InvoiceStatus.Draft);
        due.Edits.ShouldHaveSingleItem();
        await life.Billing.Invoices.IssueAsync(life.Tenant, due.Id.ToString(), Token);
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, Left);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_draft_whose_boundary_is_gone_is_withdrawn_as_what_is_due_is_issued_at_once(string storage)
    {
        await using var life = await UsedAsync(storage, settings => settings with { DraftHours = 48 });
        await AddedToAsync(life, 7);
        await LeaveAsync(life);
        await life.RunAsync();
        await BillsAsync(life, Left);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_draft_of_what_is_charged_no_more_is_withdrawn(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { InvoiceApproval = InvoiceApproval.Manual, ZeroInvoices = ZeroInvoices.Skip }, Token);
        await life.CustomerAsync();
        await life.PlanAsync("calls", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "calls");
        var wrong = await life.UseAsync("acme", "call", 4, "2026-01-10");
        await life.GoToAsync("2026-02-02");
        await VoidAsync(life, wrong);
        await life.UseAsync("acme", "call", 3, "2026-02-01");
        await life.GoToAsync("2026-03-02");
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Status, invoice.Total.Amount)).ShouldBe([(InvoiceStatus.Canceled, 0m), (InvoiceStatus.Draft, 3m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Drafts_that_are_put_together_and_apart_again_keep_what_people_added_once(string storage)
    {
        // 10.00 twice, 5.00 added to each: 30.00 on one draft, or on two.
        await using var life = await SubscribedAsync(storage, settings => settings with { InvoiceApproval = InvoiceApproval.Manual });
        await life.SubscribeAsync("acme", "basic");
        await life.RunAsync();
        foreach (var draft in await life.InvoicesAsync("acme"))
        {
            await life.Billing.Drafts.AddLineAsync(life.Tenant, draft.Id.ToString(), new NewInvoiceLine("Setup", 5), cancellationToken: Token);
        }

        foreach (var (together, hour, drafts) in new[] { (true, 2, 1), (false, 4, 2), (true, 6, 1) })
        {
            await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { ConsolidateInvoices = together }, Token);
            await life.GoToAsync($"2026-01-01T{hour:00}:00");
            await life.RunAsync();
            (await DraftsAsync(life)).ShouldSatisfyAllConditions(held => held.Count.ShouldBe(drafts), held => held.Sum(draft => draft.Total.Amount).ShouldBe(30m));
        }

        await life.Billing.Invoices.IssueAsync(life.Tenant, (await DraftsAsync(life)).Single().Id.ToString(), Token);
        (await life.InvoicesAsync("acme")).Where(invoice => invoice.Status is not InvoiceStatus.Canceled).ShouldHaveSingleItem().ShouldSatisfyAllConditions(invoice => invoice.Total.Amount.ShouldBe(30m), invoice => invoice.Number.ShouldBe(1));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_draft_shows_the_credit_that_it_will_use_however_it_was_changed(string storage)
    {
        // 10.00 and 7.00, of 12.00.
        await using var life = await SubscribedAsync(storage, settings => settings with { InvoiceApproval = InvoiceApproval.Manual });
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(12, Currency.Parse("USD"))), Token);
        await life.RunAsync();
        var changed = await AddedToAsync(life, 7);
        (changed.CreditTotal.Amount, changed.Total.Amount).ShouldBe((12m, 5m));
    }

    private static async Task<List<Invoice>> DraftsAsync(Scenario life) => [.. (await life.InvoicesAsync("acme")).Where(invoice => invoice.Status is InvoiceStatus.Draft)];

    private static async Task<Invoice> AddedToAsync(Scenario life, decimal amount) => await life.Billing.Drafts.AddLineAsync(
        life.Tenant, (await DraftsAsync(life)).Single().Id.ToString(), new NewInvoiceLine("Setup", amount), cancellationToken: Token);

    private static async Task LeaveAsync(Scenario life) => await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new Cancel { At = Day.Of("2026-01-21") }, Token);

    // 31.00 a month in advance and calls at 1.00, on the second of February with January billed.
    private async Task<Scenario> UsedAsync(string storage, Func<TenantSettings, TenantSettings> settings)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings, Token);
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 31), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "basic");
        await life.GoToAsync("2026-01-03");
        if ((await DraftsAsync(life)).SingleOrDefault() is { } first)
        {
            await life.Billing.Invoices.IssueAsync(life.Tenant, first.Id.ToString(), Token);
        }

        await life.UseAsync("acme", "call", 5, "2026-01-10");
        await life.GoToAsync("2026-02-02");
        return life;
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
