namespace BillApis.Scenarios;

/// <summary>Credit of 100.00 a month from January 1 on, of which at most 30.00 are carried over; calls at 1.00 in arrears.</summary>
public sealed class RolloverLifeTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, CreditCategory> Categories => new() { { "sqlite", CreditCategory.Promotional }, { "sqlite", CreditCategory.Paid }, { "postgres", CreditCategory.Promotional }, { "postgres", CreditCategory.Paid } };

    [Theory]
    [MemberData(nameof(Categories))]
    public async Task What_is_left_of_each_month_goes_through_its_rollover_before_the_next_is_filled_up(string storage, CreditCategory category)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered");
        await life.Billing.Credits.GrantAsync(life.Tenant, Recurring(category), Token);
        foreach (var (day, calls) in new[] { ("2026-01-20", 120m), ("2026-02-20", 5m), ("2026-03-20", 200m), ("2026-04-20", 40m) })
        {
            await life.UseAsync("acme", "call", calls, day);
        }

        await life.GoToAsync("2026-06-02");

        // A bill of the 1st is paid by what is there from the 1st on: 120 of 130, 5 of 110, all 130 of 200, 40 of 100.
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Due.Amount).ShouldBe([0m, 0m, 70m, 0m, 0m]);
        var entries = (await life.Billing.Credits.ListEntriesAsync(life.Tenant, "acme", new StoreQuery { Limit = Limits.PageSize }, Token)).Items.OrderBy(entry => entry.Number).ToList();
        entries.Select(entry => (Day.Write(entry.At), entry.Kind, entry.Amount.Amount, entry.Balance.Amount)).ShouldBe([
            ("2026-01-01", CreditEntryKind.Granted, 100m, 100m),
            ("2026-02-01", CreditEntryKind.Expired, -70m, 30m), ("2026-02-01", CreditEntryKind.Refilled, 100m, 130m), ("2026-02-01", CreditEntryKind.Used, -120m, 10m),
            ("2026-03-01", CreditEntryKind.Refilled, 100m, 110m), ("2026-03-01", CreditEntryKind.Used, -5m, 105m),
            ("2026-04-01", CreditEntryKind.Expired, -75m, 30m), ("2026-04-01", CreditEntryKind.Refilled, 100m, 130m), ("2026-04-01", CreditEntryKind.Used, -130m, 0m),
            ("2026-05-01", CreditEntryKind.Refilled, 100m, 100m), ("2026-05-01", CreditEntryKind.Used, -40m, 60m),
            ("2026-06-01", CreditEntryKind.Expired, -30m, 30m), ("2026-06-01", CreditEntryKind.Refilled, 100m, 130m),
        ]);
        await BalanceAsync(life, category, 130);
        var days = new[] { "2026-01-15", "2026-02-15", "2026-03-15", "2026-04-15", "2026-05-15", "2026-06-01" };
        (await life.Billing.Credits.HistoryAsync(life.Tenant, "acme", [.. days.Select(day => Day.Of(day))], Token)).Select(point => (category is CreditCategory.Paid ? point.Paid : point.Promotional).Amount).ShouldBe([100m, 10m, 105m, 0m, 60m, 130m]);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Categories))]
    public async Task What_a_grant_would_have_had_before_it_was_made_is_not_carried_over(string storage, CreditCategory category)
    {
        // Made on March 15 as of January 1: 100 for March. In April 30 of those and 100, of which 20 are used; in May 30 of the 110 that are left, and 100.
        await using var life = await StartAsync(storage, "2026-03-15");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { Anchor = BillingAnchor.Calendar });
        await life.Billing.Credits.GrantAsync(life.Tenant, Recurring(category) with { EffectiveAt = Day.Of("2026-01-01") }, Token);
        await BalanceAsync(life, category, 100);
        await life.UseAsync("acme", "call", 20, "2026-03-20");
        await life.GoToAsync("2026-04-02");
        await BalanceAsync(life, category, 110);
        await life.GoToAsync("2026-05-02");
        await BalanceAsync(life, category, 130);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Categories))]
    public async Task What_a_withdrawn_bill_gives_back_goes_through_the_rollovers_since(string storage, CreditCategory category)
    {
        // January's bill of 200 uses all 130 of February, so that March has 100. Had it used nothing, March had 30 of those 130 as well, as it has after it was withdrawn on March 10: 100 expire. What March's bill used in March comes back whole.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered");
        await life.Billing.Credits.GrantAsync(life.Tenant, Recurring(category), Token);
        await life.UseAsync("acme", "call", 200, "2026-01-20");
        await life.UseAsync("acme", "call", 150, "2026-02-20");
        await life.GoToAsync("2026-03-10");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Due.Amount).ShouldBe([70m, 50m]);
        await BalanceAsync(life, category, 0);
        await life.Billing.Invoices.CancelAsync(life.Tenant, (await life.InvoicesAsync("acme"))[0].Id.ToString(), Token);
        await BalanceAsync(life, category, 30);
        await life.Billing.Invoices.CancelAsync(life.Tenant, (await life.InvoicesAsync("acme"))[1].Id.ToString(), Token);
        await BalanceAsync(life, category, 130);
        var entries = (await life.Billing.Credits.ListEntriesAsync(life.Tenant, "acme", new StoreQuery { Limit = Limits.PageSize }, Token)).Items.OrderBy(entry => entry.Number).TakeLast(3);
        entries.Select(entry => (entry.Kind, entry.Amount.Amount, entry.Balance.Amount)).ShouldBe([(CreditEntryKind.Returned, 130m, 130m), (CreditEntryKind.Expired, -100m, 30m), (CreditEntryKind.Returned, 100m, 130m)]);
        await CheckAsync(life);
    }

    private static NewCreditGrant Recurring(CreditCategory category) =>
        new("acme", Money.Of(100, Usd)) { Category = category, Recurrence = new GrantRecurrence(new BillingInterval(IntervalUnit.Month, 1), Money.Of(30, Usd)) };

    private static async Task BalanceAsync(Scenario life, CreditCategory category, decimal expected)
    {
        var balance = await life.Billing.Credits.BalanceAsync(life.Tenant, "acme", Token);
        (balance.Paid.Amount, balance.Promotional.Amount).ShouldBe(category is CreditCategory.Paid ? (expected, 0m) : (0m, expected));
    }

    // The balances are what the entries give, the bills recompute from what is exported, and the books balance.
    private static async Task CheckAsync(Scenario life)
    {
        (await life.Billing.Credits.VerifyAsync(life.Tenant, Token)).ShouldBeEmpty();
        await BilledLives.VerifyAsync(life);
        (await life.Billing.Books.TrialBalanceAsync(life.Tenant, null, Token)).Totals.ShouldAllBe(total => total.Debits == total.Credits);
    }
}
