using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>Terms that are prorated come after terms that are not, or before them: time that was paid as a whole is not charged again.</summary>
public sealed class MixedTermsTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_month_that_was_paid_whole_in_arrears_is_not_charged_in_part_after_it(string storage)
    {
        // 31.00 for July whole as the terms change on the 11th; from August by the day: ten of its days are used.
        await using var life = await RunningAsync(storage, BillingTiming.InArrears);
        await AgreeAsync(life, "2026-07-11", Proration.ByDay);
        await ChangeOnAsync(life, "2026-08-11", new Pause());
        await BillsAsync(life, """
            2026-07-11 invoice: 31.00
              fee 2026-07-01..2026-07-11: 31.00
            2026-08-11 invoice: 10.00
              fee 2026-08-01..2026-08-11 (10/31): 10.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_month_that_was_paid_whole_in_arrears_stays_so_though_terms_change_twice(string storage)
    {
        await using var life = await RunningAsync(storage, BillingTiming.InArrears);
        await AgreeAsync(life, "2026-07-11", Proration.ByDay);
        await AgreeAsync(life, "2026-07-21", Proration.None, 62);
        await life.GoToAsync("2026-09-02");
        await BillsAsync(life, """
            2026-07-11 invoice: 31.00
              fee 2026-07-01..2026-07-11: 31.00
            2026-09-01 invoice: 62.00
              fee 2026-08-01..2026-09-01: 62.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [InlineData("sqlite", 31)]
    [InlineData("postgres", 31)]
    [InlineData("sqlite", 62)]
    [InlineData("postgres", 62)]
    public async Task A_month_that_was_paid_whole_in_advance_is_not_charged_in_part_after_it(string storage, decimal amount)
    {
        // The new terms count from August on, and are given back by the day.
        await using var life = await RunningAsync(storage, BillingTiming.InAdvance);
        await AgreeAsync(life, "2026-07-11", Proration.ByDay, amount);
        await ChangeOnAsync(life, "2026-08-11", new Pause());
        await life.GoToAsync("2026-09-02");
        (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Total.IsZero).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount))
            .ShouldBe([("2026-07-01", 31m), ("2026-08-01", amount), ("2026-08-11", -amount * 21 / 31)]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_line_is_given_back_by_the_terms_that_it_was_billed_by(string storage)
    {
        // 31.00 for July by the day; on the 11th terms are agreed to that are not prorated, which July knows nothing of: ten of its days come back from the 22nd on.
        await using var life = await StartAsync(storage, "2026-07-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("fee", 31).Having(terms => terms with { Proration = Proration.ByDay }));
        await life.SubscribeAsync("acme", "basic");
        await AgreeAsync(life, "2026-07-11", Proration.None);
        await ChangeOnAsync(life, "2026-07-22", new Cancel { When = ChangeWhen.Immediate });
        (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Total.IsZero).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe([("2026-07-01", 31m), ("2026-07-22", -10m)]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_change_that_settles_whole_months_gives_back_the_line_that_it_cut(string storage)
    {
        // Told on July 11, or known as July begins: 31.00 come back as a whole, and 62.00 are charged.
        foreach (var told in new[] { "2026-07-11", "2026-06-20" })
        {
            await using var life = await StartAsync(storage, "2026-06-01");
            await life.CustomerAsync();
            await life.PlanAsync("basic", Offer.Fee("fee", 31));
            await life.PlanAsync("pro", Offer.Fee("better", 62));
            await life.SubscribeAsync("acme", "basic");
            await ChangeOnAsync(life, told, new ChangePlan("pro") { At = Day.Of("2026-07-11"), Proration = ChangeProration.Full });
            await life.GoToAsync("2026-07-12");
            (await life.InvoicesAsync("acme")).Where(invoice => invoice.CreatedAt >= Day.Of("2026-07-01")).Sum(invoice => invoice.Total.Amount).ShouldBe(62m, told);
            (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => line.Amount.Amount).ShouldContain(62m);
            await BilledLives.VerifyAsync(life);
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_minimum_of_usage_that_is_not_prorated_is_asked_once_a_month(string storage)
    {
        // At least 50.00 a month: until the pause on the 11th 20.00 were used, and 30.00 are missing; 10.00 after it are charged by themselves, as are 5.00 that come late for them.
        await using var life = await StartAsync(storage, "2026-07-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 50, Proration = Proration.None }));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 20, "2026-07-05");
        await ChangeOnAsync(life, "2026-07-11", new Pause());
        await ChangeOnAsync(life, "2026-07-21", new Resume());
        await life.UseAsync("acme", "call", 10, "2026-07-22");
        await life.GoToAsync("2026-08-02");
        await life.UseAsync("acme", "call", 5, "2026-07-23");
        await life.GoToAsync("2026-09-02");
        await BillsAsync(life, """
            2026-07-11 invoice: 50.00
              calls × 20 2026-07-01..2026-07-11: 20.00
              calls: minimum 2026-07-01..2026-07-11: 30.00
            2026-08-01 invoice: 10.00
              calls × 10 2026-07-21..2026-08-01: 10.00
            2026-09-01 invoice: 55.00
              calls × 0 2026-08-01..2026-09-01: 0.00
              calls: minimum 2026-08-01..2026-09-01: 50.00
              calls: adjustment × 5 2026-07-21..2026-08-01: 5.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_commitment_that_is_owed_whole_is_owed_once_a_month(string storage)
    {
        // 100.00 a month. Until the pause on the 11th 20.00 were used, and 80.00 are missing; 30.00 more are used until the next on the 26th, and 25.00 more come late for the 5th. Never paused, it were 75.00 and 25.00.
        await using var life = await StartAsync(storage, "2026-07-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro", with => with with { Commitment = new MinimumCommitment(Money.Of(100, Currency.Parse("USD")), new BillingInterval(IntervalUnit.Month, 1), Proration.None) });
        await life.UseAsync("acme", "call", 20, "2026-07-05");
        await ChangeOnAsync(life, "2026-07-11", new Pause());
        await ChangeOnAsync(life, "2026-07-21", new Resume());
        await life.UseAsync("acme", "call", 30, "2026-07-22");
        await ChangeOnAsync(life, "2026-07-26", new Pause());
        await ChangeOnAsync(life, "2026-07-28", new Resume());
        await life.UseAsync("acme", "call", 25, "2026-07-05");
        await life.GoToAsync("2026-08-02");
        await BillsAsync(life, """
            2026-07-11 invoice: 100.00
              calls × 20 2026-07-01..2026-07-11: 20.00
              Minimum commitment of 100.00 USD 2026-07-01..2026-07-11: 80.00
            2026-07-26 invoice: 0.00 (paid)
              calls × 30 2026-07-21..2026-07-26: 30.00
              Minimum commitment of 100.00 USD: adjustment 2026-07-01..2026-07-11: -30.00
            2026-08-01 invoice: 0.00 (paid)
              calls × 0 2026-07-28..2026-08-01: 0.00
              calls: adjustment × 25 2026-07-01..2026-07-11 (10/31): 25.00
              Minimum commitment of 100.00 USD: adjustment 2026-07-01..2026-07-11: -25.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_fee_that_given_credit_paid_before_there_was_a_commitment_goes_on_after_a_pause(string storage)
    {
        // The commitment of the plan that is taken in September has nothing to do with July's fee: its credit paid all of July.
        await using var life = await StartAsync(storage, "2026-07-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("fee", 31));
        await life.PlanAsync("pro", Offer.Fee("better", 62));
        await life.Billing.Plans.AddVersionAsync(life.Tenant, "pro", Token);
        await life.Billing.Plans.UpdateAsync(life.Tenant, "pro", sold => sold.WithDraft(draft => draft with { Commitment = new MinimumCommitment(Money.Of(100, Currency.Parse("USD")), new BillingInterval(IntervalUnit.Month, 1)) }), Token);
        await life.Billing.Plans.PublishAsync(life.Tenant, "pro", Token);
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(31, Currency.Parse("USD"))) { Category = CreditCategory.Promotional }, Token);
        await life.SubscribeAsync("acme", "basic");
        await ChangeOnAsync(life, "2026-07-02", new ChangePlan("pro") { At = Day.Of("2026-09-01") });
        await ChangeOnAsync(life, "2026-07-11", new Pause());
        await ChangeOnAsync(life, "2026-07-21", new Resume());
        await life.GoToAsync("2026-08-02");
        (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Total.IsZero).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe([("2026-08-01", 31m)]);
    }

    private async Task<Scenario> RunningAsync(string storage, BillingTiming timing)
    {
        var life = await StartAsync(storage, "2026-07-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("fee", 31).Having(terms => terms with { Timing = timing, Proration = Proration.None }));
        await life.SubscribeAsync("acme", "basic");
        return life;
    }

    private static async Task AgreeAsync(Scenario life, string date, Proration proration, decimal amount = 31)
    {
        var id = await SubscriptionAsync(life);
        var price = (await life.Billing.Prices.GetAsync(life.Tenant, "fee", Token)).Terms with { Model = new FlatPrice(amount), Proration = proration };
        await life.GoToAsync(date);
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new ChangePrices(ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("fee", price)), Token);
    }
}
