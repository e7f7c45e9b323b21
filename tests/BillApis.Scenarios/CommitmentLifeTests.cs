using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>What is given back of a fee draws on the commitment that the fee drew on, and on no other.</summary>
public sealed class CommitmentLifeTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_leaves_in_mid_month_owes_the_part_of_the_commitment_that_the_kept_part_of_the_fee_does_not_come_to(string storage)
    {
        // 10 of January's 31 days commit to 10.00 of 31.00; of the fee of 10.00, 6.77 are given back, and 3.23 are kept: 6.77 are missing.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 10));
        await LeaveAsync(life, with => with with { Commitment = Monthly(31) });
        await BillsAsync(life, """
            2026-01-01 invoice: 10.00
              fee 2026-01-01..2026-02-01: 10.00
            2026-01-11 invoice: 0.00 (paid)
              Minimum commitment of 10.00 USD 2026-01-01..2026-01-11 (10/31): 6.77
              fee: unused time 2026-01-11..2026-02-01 (21/31): -6.77
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_coupons_took_of_the_unused_part_of_a_fee_is_not_kept_for_the_commitment(string storage)
    {
        // At half their price the fee was 5.00, and 3.39 of it come back. Before the coupon the kept part comes to 3.23 all the same: 6.77 are missing, and the coupon takes half of them.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 10));
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "HALF", Terms = new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever } }, Token);
        await LeaveAsync(life, with => with with { Commitment = Monthly(31), Coupons = ["HALF"] });
        await BillsAsync(life, """
            2026-01-01 invoice: 5.00
              fee 2026-01-01..2026-02-01: 10.00
              coupon HALF: -5.00
            2026-01-11 invoice: -0.01, due 0.00 (paid)
              Minimum commitment of 10.00 USD 2026-01-01..2026-01-11 (10/31): 6.77
              fee: unused time 2026-01-11..2026-02-01 (21/31): -3.39
              coupon HALF: -3.39
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_fee_that_given_credit_paid_gives_nothing_back_and_its_unused_part_is_missing_to_the_commitment(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 10));
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(10, Usd)) { Category = CreditCategory.Promotional }, Token);
        await LeaveAsync(life, with => with with { Commitment = Monthly(31) });
        await BillsAsync(life, """
            2026-01-01 invoice: 0.00 (paid)
              fee 2026-01-01..2026-02-01: 10.00
              promotional credit: -10.00
            2026-01-11 invoice: 6.77
              Minimum commitment of 10.00 USD 2026-01-01..2026-01-11 (10/31): 6.77
              fee: unused time 2026-01-11..2026-02-01 (21/31): 0.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Seats_that_are_given_back_of_a_year_are_not_missing_in_the_month_of_that(string storage)
    {
        // Ten seats at 36.50 a year from January 1; on July 2, 183 of 365 days are left, and nine seats go: 183.00 back and 18.30 anew. January drew on 365.00, July on 18.30: 1.70 of its 20.00 are missing.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Seats("seat", 36.5m, quantity: 10).Every(IntervalUnit.Year));
        var subscription = await life.SubscribeAsync("acme", "pro", with => with with { Commitment = Monthly(20) });
        await life.GoToAsync("2026-07-02");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 1)) { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-08-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([365m, 20m, 20m, 20m, 20m, 20m, -164.70m, 1.70m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_month_that_was_settled_is_not_settled_anew_by_what_is_given_back_after_it(string storage)
    {
        // A quarter's fee of 60.00 meets January's 50.00. On February 11, 49 of 90 days are left: 32.67 back, and the 10 days of February commit to 17.86. Late usage of 5.00 in January changes neither.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 60).Every(IntervalUnit.Month, 3), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        var subscription = await life.SubscribeAsync("acme", "pro", with => with with { Commitment = Monthly(50) });
        await life.GoToAsync("2026-02-11");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new Cancel { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-02-12");
        await life.UseAsync("acme", "call", 5, "2026-01-20");
        await life.GoToAsync("2026-02-13");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([60m, 0m, -14.81m, 5m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_month_is_settled_anew_where_its_fee_is_charged_anew_from_its_start(string storage)
    {
        // The quarter's 60.00 met January's 50.00. From February 11 on all of the quarter costs 10.00: 60 back, 10 anew, and 40 are missing in January. February and March have nothing: 50 each.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 60).Every(IntervalUnit.Month, 3));
        await life.PlanAsync("small", Offer.Fee("small-fee", 10).Every(IntervalUnit.Month, 3));
        var subscription = await life.SubscribeAsync("acme", "pro", with => with with { Commitment = Monthly(50) });
        await life.GoToAsync("2026-02-11");
        var change = new ChangePlan("small") { When = ChangeWhen.Immediate, Proration = ChangeProration.Full };
        var preview = (await life.Billing.Changes.PreviewAsync(life.Tenant, subscription.Id.ToString(), change, Token)).Invoice!;
        preview.Total.Amount.ShouldBe(-10m);
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), change, Token);
        await life.GoToAsync("2026-04-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 60.00
              fee 2026-01-01..2026-04-01: 60.00
            2026-02-11 invoice: -10.00, due 0.00 (paid)
              small-fee 2026-01-01..2026-04-01: 10.00
              Minimum commitment of 50.00 USD 2026-01-01..2026-02-01: 40.00
              fee: unused time 2026-01-01..2026-04-01: -60.00
            2026-03-01 invoice: 50.00, due 40.00
              Minimum commitment of 50.00 USD 2026-02-01..2026-03-01: 50.00
              paid credit: -10.00
            2026-04-01 invoice: 60.00
              small-fee 2026-04-01..2026-07-01: 10.00
              Minimum commitment of 50.00 USD 2026-03-01..2026-04-01: 50.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_week_that_began_in_a_settled_month_draws_on_that(string storage)
    {
        // Of January's 50.00, 20 were used by its end, and 30 are charged as missing. The week of January 29 comes to 10: those 10 are not missing any more.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("weekly", Offer.Usage("calls", "call", new PerUnitPrice(1)).Every(IntervalUnit.Week));
        await life.SubscribeAsync("acme", "weekly", with => with with { Commitment = Monthly(50) });
        await life.UseAsync("acme", "call", 20, "2026-01-03");
        await life.UseAsync("acme", "call", 10, "2026-01-30");
        await life.GoToAsync("2026-02-06");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines.Where(line => !line.Amount.IsZero).Select(line => (Day.Write(invoice.CreatedAt), line.Amount.Amount)))
            .ShouldBe([("2026-01-08", 20m), ("2026-02-01", 30m), ("2026-02-05", 10m), ("2026-02-05", -10m)]);
        await BilledLives.VerifyAsync(life);
    }

    // From the start on, and until January 11.
    private static async Task LeaveAsync(Scenario life, Func<NewSubscription, NewSubscription> with)
    {
        var subscription = await life.SubscribeAsync("acme", "pro", with);
        await life.GoToAsync("2026-01-11");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new Cancel { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-03-01");
    }

    [Theory]
    [InlineData("sqlite", false)]
    [InlineData("postgres", false)]
    [InlineData("sqlite", true)]
    [InlineData("postgres", true)]
    public async Task A_coupon_changes_no_cent_of_what_is_missing_where_a_seat_costs_no_whole_number(string storage, bool discounted)
    {
        // Nine seats cost 100.01 together; 15 of 30 days are left on 16 June: 50.01 come back of it before coupons. Half of 120.00 is committed, and 50.00 of it is met.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "HALF", Terms = new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever } }, Token);
        await life.PlanAsync("pro", new Offer("seats", new GraduatedPrice([new Tier(null, 0, 100.01m)])) { Quantity = 9, With = terms => terms with { Timing = BillingTiming.InAdvance } });
        var id = (await life.SubscribeAsync("acme", "pro", with => with with { Commitment = Monthly(120), Coupons = discounted ? ["HALF"] : [] })).Id.ToString();
        await life.GoToAsync("2026-06-16");
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new Cancel { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Where(line => line.Kind is LineKind.Commitment).Select(line => line.Amount.Amount).ShouldBe([10m]);
        await BilledLives.VerifyAsync(life);
    }

    private static MinimumCommitment Monthly(decimal amount) => new(Money.Of(amount, Usd), new BillingInterval(IntervalUnit.Month, 1));
}
