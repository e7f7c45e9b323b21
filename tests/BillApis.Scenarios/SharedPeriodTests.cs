namespace BillApis.Scenarios;

/// <summary>A month that a pause, a change or a bill over nothing parts: what counts once a month counts once, and what was paid whole comes back once. Calls cost 1.00 each.</summary>
public sealed class SharedPeriodTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_given_back_after_a_pause_lessens_what_a_fee_drew_of_a_commitment(string storage)
    {
        // 100.00 are owed whole. The fee's 31.00 stay charged in a pause, at which 69.00 are missing; six days come back at the end on the 26th, 6.00, and are missing then.
        await using var life = await StartAsync(storage, "2026-07-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 31));
        await life.SubscribeAsync("acme", "pro", with => with with { Commitment = Owed() });
        await ChangeOnAsync(life, "2026-07-11", new Pause { Proration = ChangeProration.None });
        await ChangeOnAsync(life, "2026-07-21", new Resume { Proration = ChangeProration.None });
        await ChangeOnAsync(life, "2026-07-26", new Cancel { When = ChangeWhen.Immediate });
        await TotalsAsync(life, "2026-08-02", 31, 69);
    }

    [Theory]
    [InlineData("sqlite", 50, new[] { 30, 50 })]
    [InlineData("postgres", 50, new[] { 30, 50 })]
    [InlineData("sqlite", 0, new[] { 30 })]
    public async Task An_amount_that_found_nothing_before_a_pause_is_taken_off_the_rest_of_the_month_alone(string storage, int used, int[] totals)
    {
        // 20.00 off July are taken off the 50 calls after the pause, whether they are known in time or come late: of 50 that come late to the bill before it nothing is off.
        await using var life = await MeteredAsync(storage, Off(20), ZeroInvoices.Issue);
        await PausedAsync(life);
        await life.UseAsync("acme", "call", used, "2026-07-22");
        await life.GoToAsync("2026-08-10");
        await life.UseAsync("acme", "call", 50, used == 0 ? "2026-07-22" : "2026-07-05");
        await TotalsAsync(life, "2026-09-02", totals);
    }

    [Theory]
    [InlineData("sqlite", true, new[] { 25, 50, 25 })]
    [InlineData("postgres", true, new[] { 25, 50, 25 })]
    [InlineData("sqlite", false, new[] { 30, 80, 50 })]
    public async Task A_supplementary_invoice_has_the_coupons_of_the_month_that_it_is_for(string storage, bool half, int[] totals)
    {
        // July's 50 calls and August's 100 have the half off that is for two months, or 20.00 each; so have 50 that come late for the days after July's pause, which have no bill, the half but not 20.00 more.
        await using var life = await MeteredAsync(storage, half ? Half(2) : Off(20), ZeroInvoices.Skip);
        await life.UseAsync("acme", "call", 50, "2026-07-01");
        await PausedAsync(life);
        await life.GoToAsync("2026-08-05");
        await life.UseAsync("acme", "call", 100, "2026-08-05");
        await life.GoToAsync("2026-09-10");
        await life.UseAsync("acme", "call", 50, "2026-07-25");
        await TotalsAsync(life, "2026-09-11", totals);
    }

    [Theory]
    [InlineData("sqlite", true, new[] { 50, 60, -50 })]
    [InlineData("postgres", false, new[] { 80, 40, -40 })]
    [InlineData("sqlite", false, new[] { 80, 40, -40 })]
    public async Task For_a_month_without_a_bill_before_the_latest_it_has_what_is_without_end(string storage, bool half, int[] totals)
    {
        // August used the half for one month up, so that July's late 60 cost 60.00. 20.00 for ever are off July too: all of the first 10, 10.00 of the next 50, which are none in the end.
        await using var life = await MeteredAsync(storage, half ? Half(1) : Off(20), ZeroInvoices.Skip);
        await life.GoToAsync("2026-08-05");
        await life.UseAsync("acme", "call", 100, "2026-08-05");
        await life.GoToAsync("2026-09-10");
        await life.UseAsync("acme", "call", 10, "2026-07-25");
        if (!half)
        {
            await life.GoToAsync("2026-09-11");
        }

        var wrong = await life.UseAsync("acme", "call", 50, "2026-07-25");
        await life.GoToAsync("2026-09-12");
        await VoidAsync(life, wrong);
        await TotalsAsync(life, "2026-09-13", totals);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_month_of_an_add_on_that_ends_as_the_plan_is_changed_in_full_is_not_given_back(string storage)
    {
        // The plan's July comes back whole, 62.00 − 31.00; the add-on of the same price, from the 11th of each month, was had until then.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("extra", 31), Offer.Fee("support", 120).Every(IntervalUnit.Year));
        await life.PlanAsync("pro", Offer.Fee("better", 62), Offer.Fee("support", 120).Every(IntervalUnit.Year));
        await life.SubscribeAsync("acme", "basic");
        await ChangeOnAsync(life, "2026-06-11", new AddAddOn("extra") { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-07-11", new ChangePlan("pro") { When = ChangeWhen.Immediate, Proration = ChangeProration.Full });
        await TotalsAsync(life, "2026-07-12", 151, 31, 31, 31, 31);
    }

    [Theory]
    [InlineData("sqlite", true, -240)]
    [InlineData("postgres", true, -240)]
    [InlineData("sqlite", false, -300)]
    public async Task What_a_commitment_corrects_moves_the_discount_of_the_part_of_a_fee_that_was_kept(string storage, bool credited, int moved)
    {
        // 20 calls and 80.00 missing at 19 %, and 100.00 of a fee for the rest of June at 7 %, less 20.00: 10.00 of each. Half of the fee comes back on the 21st, and a tenth was credited before.
        // 75 calls until July make 75.00 less missing: the coupon takes 4.00 and 16.00, and of the 6.00 more that it takes of the fee the kept half, or four tenths, has its part.
        await using var life = await StartAsync(storage, "2026-06-01");
        await TaxesOfTwoRatesAsync(life);
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.PlanAsync("base", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.PlanAsync("pro", Offer.Fee("fee", 150).Having(terms => terms with { TaxCategory = "books" }));
        await life.Billing.Plans.AddVersionAsync(life.Tenant, "base", Token);
        await life.Billing.Plans.UpdateAsync(life.Tenant, "base", sold => sold.WithDraft(draft => draft with { Commitment = Owed() }), Token);
        await life.Billing.Plans.PublishAsync(life.Tenant, "base", Token);
        await life.SubscribeAsync("acme", "base");
        await RedeemAsync(life, Off(20) with { Duration = CouponDuration.Once });
        await life.UseAsync("acme", "call", 20, "2026-06-01");
        await ChangeOnAsync(life, "2026-06-11", new ChangePlan("pro") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-06-12");
        var fee = (await life.InvoicesAsync("acme"))[^1];
        if (credited)
        {
            await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(fee.Id.ToString(), "Not as agreed") { Lines = [new NewCreditMemoLine(fee.Lines.Single(line => line.Kind is LineKind.Flat).Id, 9.63m)] }, Token);
        }

        await ChangeOnAsync(life, "2026-06-21", new ChangePlan("base") { When = ChangeWhen.Immediate });
        await life.UseAsync("acme", "call", 75, "2026-06-21");
        await life.GoToAsync("2026-07-02");
        (await life.InvoicesAsync("acme"))[^1].Lines.Where(line => line.Kind is LineKind.Discount).Sum(line => line.Net.MinorUnits).ShouldBe(moved, await life.BillsAsync("acme"));
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, storage);
    }

    private static MinimumCommitment Owed() => new(Money.Of(100, Usd), new BillingInterval(IntervalUnit.Month, 1), Proration.None);

    private static CouponTerms Off(decimal amount) => new() { AmountOff = Money.Of(amount, Usd), Duration = CouponDuration.Forever };

    private static CouponTerms Half(int periods) => new() { PercentOff = 50, Duration = CouponDuration.Repeating, DurationPeriods = periods };

    private static async Task PausedAsync(Scenario life)
    {
        await ChangeOnAsync(life, "2026-07-11", new Pause());
        await ChangeOnAsync(life, "2026-07-21", new Resume());
    }

    private static async Task RedeemAsync(Scenario life, CouponTerms terms)
    {
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = terms }, Token);
        await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, await SubscriptionAsync(life), "SALE", Token);
    }

    private static async Task TotalsAsync(Scenario life, string until, params int[] totals)
    {
        await life.GoToAsync(until);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).Where(total => total != 0).ShouldBe(totals.Select(total => (decimal)total), await life.BillsAsync("acme"));
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, until);
    }

    // Bills over nothing are issued, or skipped, and then what comes late is invoiced at once.
    private async Task<Scenario> MeteredAsync(string storage, CouponTerms terms, ZeroInvoices zero)
    {
        var life = await StartAsync(storage, "2026-07-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = zero is ZeroInvoices.Skip ? LateUsagePolicy.Invoice : LateUsagePolicy.Adjust, ZeroInvoices = zero }, Token);
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered");
        await RedeemAsync(life, terms);
        return life;
    }
}
