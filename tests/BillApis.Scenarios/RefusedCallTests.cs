using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>What an application that embeds the engine may get wrong where no JSON is in between: it is told so, and nothing is stored that could not be read back.</summary>
public sealed class RefusedCallTests(Databases databases) : LifeTests(databases)
{
    private const decimal Fine = 0.000_000_000_000_1m;
    private static readonly ImmutableSortedDictionary<string, decimal> Seats = ImmutableSortedDictionary<string, decimal>.Empty;
    private static readonly ImmutableSortedDictionary<string, PriceTerms> Prices = ImmutableSortedDictionary<string, PriceTerms>.Empty;
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_number_with_more_digits_than_are_kept_is_refused_before_it_is_stored(string storage)
    {
        await using var life = await StartedAsync(storage);
        var (billing, id) = (life.Billing, await SubscriptionAsync(life));
        foreach (var call in new Func<Task>[]
        {
            () => life.SubscribeAsync("acme", "basic", asked => asked with { Quantities = Seats.Add("seat", 1 + Fine) }),
            () => billing.Changes.ApplyAsync(life.Tenant, id, new ChangeQuantities(Seats.Add("seat", 1 + Fine)), Stop),
            () => billing.Changes.ApplyAsync(life.Tenant, id, new AddAddOn("seat", Fine), Stop),
            () => billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "fine", Terms = new CouponTerms { PercentOff = 10 + Fine } }, Stop),
            () => billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 + Fine }, Stop),
            () => billing.Invoices.CreateAsync(life.Tenant, new NewInvoice("acme", Usd, [new("x", 1 + Fine)]), Stop),
            () => billing.Invoices.CreateAsync(life.Tenant, new NewInvoice("acme", Usd, [new("x", 1, 1 + Fine)]), Stop),
        })
        {
            (await Should.ThrowAsync<BillingException>(call)).Message.ShouldEndWith("must have at most 12 fractional digits");
        }

        await billing.Changes.ApplyAsync(life.Tenant, id, new ChangeQuantities(Seats.Add("seat", 2.500_000_000_000_00m)), Stop);
        await ShouldGoOnAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_interval_that_is_none_and_a_commitment_that_no_line_can_hold_are_refused_before_they_are_stored(string storage)
    {
        await using var life = await StartedAsync(storage);
        var five = Money.Of(5, Usd);
        (await Should.ThrowAsync<BillingException>(() => life.SubscribeAsync("acme", "basic", asked => asked with { Commitment = new MinimumCommitment(five, default) }))).Message.ShouldContain("'minimum_commitment.interval' is required");
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", five) { Recurrence = new GrantRecurrence(default, five) }, Stop))).Message.ShouldContain("'recurrence.interval' is required");
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Prices.CreateAsync(life.Tenant, new Price { Code = "none", Terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(1), Interval = default(BillingInterval) } }, Stop))).Message.ShouldContain("'interval' must count at least 1");
        (await Should.ThrowAsync<BillingException>(() => life.SubscribeAsync("acme", "basic", asked => asked with { Commitment = new MinimumCommitment(Money.FromMinorUnits(long.MaxValue, Usd), new BillingInterval(IntervalUnit.Month, 1)) }))).Message.ShouldContain("'minimum_commitment.amount' must be between");
        Should.Throw<ArgumentOutOfRangeException>(() => new BillingInterval((IntervalUnit)99, 1));
        await ShouldGoOnAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Half_of_a_surrogate_pair_is_refused_in_texts_and_whole_ones_are_kept(string storage)
    {
        await using var life = await StartedAsync(storage);
        foreach (var text in new[] { "a\ud800b", "a\udc00b", "a\ud800", "\udc00\ud800" })
        {
            (await Should.ThrowAsync<BillingException>(() => life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = text, Terms = new CouponTerms { PercentOff = 10 } }, Stop))).Message.ShouldContain("'code' must be whole Unicode characters");
        }

        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "a\U0001F600", Terms = new CouponTerms { PercentOff = 10 } }, Stop);
        (await life.Billing.Coupons.GetAsync(life.Tenant, "a\U0001F600", Stop)).Code.ShouldBe("a\U0001F600");
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_change_that_is_billed_at_once_as_of_a_finer_instant_than_is_kept_seals_what_is_kept(string storage)
    {
        await using var life = await StartedAsync(storage);
        await life.PlanAsync("pro", Offer.Fee("fee", 10), Offer.Fee("more", 30));
        var tick = Day.Of("2026-02-11").PlusTicks(3);
        var changed = await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new ChangePlan("pro") { Anchor = BillingAnchor.At(tick) }, Stop);
        changed.Invoice.ShouldNotBeNull().Lines.ShouldContain(line => line.Period!.Value.End == Day.Of("2026-01-11"));
        (await life.Billing.Documents.VerifyAsync(life.Tenant, Stop)).Faults.ShouldBeEmpty();
        await ShouldGoOnAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_left_out_and_values_that_are_none_are_told_as_bugs_of_the_caller(string storage)
    {
        await using var life = await StartedAsync(storage);
        var (billing, tenant, id, five) = (life.Billing, life.Tenant, await SubscriptionAsync(life), Money.Of(5, Usd));
        Task New(Func<NewSubscription, NewSubscription> with) => life.SubscribeAsync("acme", "basic", with);
        Task Change(SubscriptionChange change) => billing.Changes.PreviewAsync(tenant, id, change, Stop);
        Task Grant(NewCreditGrant grant) => billing.Credits.GrantAsync(tenant, grant, Stop);
        Task Coupon(CouponTerms terms) => billing.Coupons.CreateAsync(tenant, new Coupon { Code = "none", Terms = terms }, Stop);
        foreach (var call in new Func<Task>[]
        {
            () => New(asked => asked with { Coupons = default }), () => New(asked => asked with { Phases = default }), () => New(asked => asked with { Phases = [null!] }), () => New(asked => asked with { Prices = null! }),
            () => New(asked => asked with { Quantities = null! }), () => New(asked => asked with { Prices = Prices.Add("fee", null!) }), () => New(asked => asked with { Commitment = new MinimumCommitment(five, new BillingInterval(IntervalUnit.Month, 1), (Proration)99) }),
            () => New(asked => asked with { Phases = [new NewPhase(Day.Of("2026-03-01")) { Proration = (ChangeProration)99 }] }),
            () => Change(new ChangeQuantities(null!)), () => Change(new ChangePrices(null!)), () => Change(new ChangePrices(Prices.Add("fee", null!))), () => Change(new ChangeZone(null!)), () => Change(new ChangePlan("basic") { Quantities = null! }),
            () => Change(new Cancel { When = (ChangeWhen)99 }), () => Change(new Cancel { Proration = (ChangeProration)99 }), () => Change(new Suspend((SuspensionCause)99)),
            () => Grant(new NewCreditGrant("acme", five) { Scope = null! }), () => Grant(new NewCreditGrant("acme", five) { Scope = new CreditScope { Metrics = default } }), () => Grant(new NewCreditGrant("acme", five) { Category = (CreditCategory)99 }),
            () => Coupon(null!), () => Coupon(new CouponTerms { PercentOff = 1, Products = default }), () => Coupon(new CouponTerms { PercentOff = 1, Duration = (CouponDuration)99 }), () => billing.Coupons.ListAsync(tenant, null!, Stop),
            () => billing.Credits.ListEntriesAsync(tenant, "acme", null!, Stop), () => billing.Credits.ListEntriesAsync(tenant, "acme", new StoreQuery { Limit = int.MaxValue }, Stop), () => billing.Plans.UpdateAsync(tenant, "basic", null!, Stop),
            () => billing.Invoices.CreateAsync(tenant, new NewInvoice("acme", Usd, default), Stop), () => billing.Invoices.CreateAsync(tenant, new NewInvoice("acme", Usd, [null!]), Stop), () => billing.Migrations.RunAsync(tenant, "basic", new ChangePlan("basic"), true, null!, Stop),
        })
        {
            await Should.ThrowAsync<ArgumentException>(call);
        }

        await Should.ThrowAsync<InvalidOperationException>(() => billing.Plans.UpdateAsync(tenant, "basic", _ => null!, Stop));
        Should.Throw<ArgumentNullException>(() => new StoreQuery { Where = null! });
        await ShouldGoOnAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_would_be_counted_for_thousands_of_years_or_beyond_the_calendar_is_refused(string storage)
    {
        await using var life = await StartedAsync(storage);
        var (billing, tenant, ever) = (life.Billing, life.Tenant, Instant.MaxValue);
        var daily = new NewCreditGrant("acme", Money.Of(5, Usd)) { Recurrence = new GrantRecurrence(new BillingInterval(IntervalUnit.Day, 1), Money.Of(0, Usd)) };
        await billing.Credits.GrantAsync(tenant, daily, Stop);
        (await Should.ThrowAsync<BillingException>(() => billing.Credits.HistoryAsync(tenant, "acme", [ever], Stop))).Message.ShouldContain("'instants' must be within 3660 days");
        (await Should.ThrowAsync<BillingException>(() => billing.Credits.GrantAsync(tenant, daily with { EffectiveAt = ever }, Stop))).Message.ShouldContain("'effective_at' must be within 3660 days");
        (await Should.ThrowAsync<BillingException>(() => billing.Credits.GrantAsync(tenant, daily with { Amount = Money.FromMinorUnits(long.MaxValue, Usd) }, Stop))).Message.ShouldContain("'amount' must be between");
        (await Should.ThrowAsync<BillingException>(() => PauseAsync(ever))).Message.ShouldContain("'resume_at' must be within 3660 days");
        (await life.SubscribeAsync("acme", "basic", asked => asked with { EndAt = ever })).NextBillingAt.ShouldBe(Day.Of("2026-01-01"));
        var days = await billing.Credits.HistoryAsync(tenant, "acme", [Day.Of("2026-01-09"), Day.Of("2026-01-01")], Stop);
        days.Select(point => point.Total.Amount).ShouldBe([5m, 5m]);
        await ShouldGoOnAsync(life);

        async Task PauseAsync(Instant until) => await billing.Changes.ApplyAsync(tenant, await SubscriptionAsync(life), new Pause { ResumeAt = until }, Stop);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_migration_moves_subscriptions_to_versions_of_their_own_plan_only(string storage)
    {
        await using var life = await StartedAsync(storage);
        await life.PlanAsync("pro", Offer.Fee("fee", 10), Offer.Fee("more", 30));
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Migrations.RunAsync(life.Tenant, "basic", new ChangePlan("pro"), dryRun: false, new StoreQuery(), Stop))).Message.ShouldContain("'plan_id' must be the plan 'basic' itself");
        (await life.Billing.Subscriptions.GetAsync(life.Tenant, await SubscriptionAsync(life), Stop)).Timeline.Entries.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Seats_that_come_to_more_than_a_line_may_hold_up_nobody_else(string storage)
    {
        // 900 trillion seats are a quantity, and at 90.00 each 81 quadrillion; two of those are more than totals and books hold.
        await using var life = await StartedAsync(storage);
        await life.PlanAsync("large", Offer.Seats("large", 90, 1), Offer.Fee("base", 1));
        await life.CustomerAsync("globex");
        foreach (var customer in new[] { "acme", "globex", "globex" })
        {
            await life.SubscribeAsync(customer, "large", asked => asked with { Quantities = Seats.Add("large", 900_000_000_000_000) });
        }

        await life.SubscribeAsync("globex", "basic");
        for (var round = 0; round < 2; round++)
        {
            var run = await life.Billing.Runs.RunAsync(life.Tenant, life.Clock.Now, cancellationToken: Stop);
            run.Failures.Select(failure => failure.Message).ShouldBe(Enumerable.Repeat("The invoice with its taxes and credits comes to more than can be kept exactly: a line or the subtotal is beyond 900000000000000 USD.", 3));
            run.InvoicesCreated.ShouldBe(1 - round);
        }

        (await life.Billing.Books.VerifyAsync(life.Tenant, Stop)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("9999-12-31")]
    [InlineData(null)]
    public async Task A_backtest_to_the_end_of_time_is_refused(string? end)
    {
        await using var life = await StartedAsync("sqlite");
        var period = new Interval(Day.Of("2026-01-01"), end is null ? null : Day.Of(end));
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Backtests.RunAsync(life.Tenant, "basic", period, [], Stop))).Message.ShouldContain("'period' must have a start, and an end within 3660 days");
    }

    private async Task<Scenario> StartedAsync(string storage)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("fee", 10), Offer.Seats("seat", 4, 3));
        await life.SubscribeAsync("acme", "basic");
        await life.RunAsync();
        return life;
    }

    // A thing that cannot be read back stops every run of its tenant.
    private static async Task ShouldGoOnAsync(Scenario life)
    {
        await life.GoToAsync("2026-02-01");
        (await life.InvoicesAsync("acme")).Count.ShouldBeGreaterThan(1);
        (await life.Billing.Books.VerifyAsync(life.Tenant, Stop)).ShouldBeEmpty();
    }
}
