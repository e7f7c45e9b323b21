namespace BillApis.Scenarios;

/// <summary>A fee of 31.00 for January that promotional credit or a coupon paid wholly gives nothing back while it is paused, and goes on paying and drawing on the commitment: 1.00 of it, and so much of a commitment of 31.00, is for each day. It ends with January.</summary>
public sealed class CommitmentPauseTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite", null)]
    [InlineData("postgres", null)]
    [InlineData("sqlite", 10)] // The fee meets all of it.
    [InlineData("sqlite", 31)] // 10.00 and 11.00.
    [InlineData("postgres", 31)]
    [InlineData("sqlite", 62, "2026-02-01: 11.00")] // 20.00 and 22.00, of which the fee draws 20.00 and 11.00.
    [InlineData("postgres", 62, "2026-02-01: 11.00")]
    [InlineData("sqlite", 93, "2026-02-01: 32.00")] // 30.00 and 33.00: 1.00 of the fee is left after the pause.
    [InlineData("sqlite", 124, "2026-01-11: 9.00", "2026-02-01: 44.00")] // 40.00 and 44.00.
    public async Task Nothing_is_charged_as_it_goes_on(string storage, int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync(storage, commitment);
        await ChangeOnAsync(life, "2026-01-11", new Pause());
        await ChangeOnAsync(life, "2026-01-21", new Resume());
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(31)]
    [InlineData(62, "2026-02-01: 11.00")]
    public async Task So_it_is_with_a_coupon_and_a_pause_that_ends_by_itself(int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync("sqlite", commitment, 0, "ALL");
        await ChangeOnAsync(life, "2026-01-11", new Pause { ResumeAt = Day.Of("2026-01-21") });
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(62, "2026-02-01: 11.00")] // 10.00, 20.00 and 12.00 are committed to, and the fee draws 10.00, 20.00 and 1.00.
    [InlineData(124, "2026-01-21: 29.00", "2026-02-01: 24.00")] // 20.00, 40.00 and 24.00: 20.00 and 11.00 of the fee.
    public async Task It_is_paused_twice(int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync("sqlite", commitment);
        await ChangeOnAsync(life, "2026-01-06", new Pause());
        await ChangeOnAsync(life, "2026-01-11", new Resume());
        await ChangeOnAsync(life, "2026-01-21", new Pause());
        await ChangeOnAsync(life, "2026-01-26", new Resume());
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(62)]
    public async Task It_is_paused_as_it_was_billed(int? commitment)
    {
        // 11 days commit to 22.00 of 62.00, and the fee of 31.00 draws on them.
        await using var life = await SoldAsync("sqlite", commitment);
        await ChangeOnAsync(life, "2026-01-01", new Pause());
        await ChangeOnAsync(life, "2026-01-21", new Resume());
        await ChargedAsync(life);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(62)] // 20.00, which the fee of 31.00 meets: it stays billed.
    [InlineData(124, "2026-01-11: 9.00")]
    public async Task An_end_while_it_is_paused_changes_nothing(int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync("sqlite", commitment);
        await ChangeOnAsync(life, "2026-01-11", new Pause());
        await ChangeOnAsync(life, "2026-01-15", new Cancel { When = ChangeWhen.Immediate });
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(62, "2026-01-11: 10.00", "2026-02-01: 1.00")] // 20.00 less the 10.00 that the fee is kept for; then 22.00, and the 21.00 of the fee that are left.
    public async Task After_an_end_nothing_is_charged_as_it_goes_on(int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync("sqlite", commitment);
        await ChangeOnAsync(life, "2026-01-11", new Cancel { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-01-21", new Reactivate { EndAt = Day.Of("2026-02-01") });
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData(null, "2026-01-21: 22.00")]
    [InlineData(93, "2026-01-21: 22.00", "2026-02-01: 11.00")] // 30.00, which the fee meets; then 33.00, and the other fee's 22.00.
    public async Task Another_plan_while_it_is_paused_draws_in_its_place(int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync("sqlite", commitment);
        await ChangeOnAsync(life, "2026-01-05", new ChangePlan("other") { At = Day.Of("2026-01-15") });
        await ChangeOnAsync(life, "2026-01-11", new Pause());
        await ChangeOnAsync(life, "2026-01-21", new Resume());
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData(null, "2026-01-21: 22.00")]
    [InlineData(93, "2026-01-21: 22.00", "2026-02-01: 11.00")]
    public async Task So_does_one_at_the_instant_at_which_it_goes_on(int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync("sqlite", commitment);
        await ChangeOnAsync(life, "2026-01-11", new Pause());
        await ChangeOnAsync(life, "2026-01-21", new Resume());
        await ChangeOnAsync(life, "2026-01-21", new ChangePlan("other") { When = ChangeWhen.Immediate });
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData(null, "2026-01-11: 42.00", "2026-01-21: -22.00")]
    [InlineData(31, "2026-01-11: 42.00", "2026-01-21: -22.00")]
    [InlineData(62, "2026-01-11: 42.00", "2026-01-21: -22.00", "2026-02-01: 11.00")] // 31.00 and 20.00 were billed.
    public async Task A_plan_that_it_comes_back_to_is_paid_still(int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync("sqlite", commitment);
        await ChangeOnAsync(life, "2026-01-11", new ChangePlan("other") { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-01-21", new ChangePlan("pro") { When = ChangeWhen.Immediate });
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData(null, "2026-01-11: 42.00", "2026-01-21: -22.00", "2026-01-25: 14.00")]
    [InlineData(93, "2026-01-11: 42.00", "2026-01-21: -22.00", "2026-01-25: 14.00", "2026-02-01: 35.00")] // 24.00 of the fee and 34.00 of the other were billed for what was had.
    public async Task What_is_taken_away_again_is_told_again(int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync("sqlite", commitment);
        await ChangeOnAsync(life, "2026-01-11", new ChangePlan("other") { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-01-21", new ChangePlan("pro") { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-01-25", new ChangePlan("other") { When = ChangeWhen.Immediate });
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData(null, "2026-01-01: 15.50", "2026-01-11: -10.50", "2026-01-21: 11.00")]
    [InlineData(31, "2026-01-01: 15.50", "2026-01-11: -10.50", "2026-01-21: 11.00")]
    [InlineData(62, "2026-01-01: 15.50", "2026-01-11: -0.50", "2026-01-21: 11.00", "2026-02-01: 11.00")] // 10.00 and 11.00 are missing beside what was had.
    public async Task What_was_paid_in_part_comes_back_in_part_and_is_charged_again(int? commitment, params string[] charged)
    {
        await using var life = await SoldAsync("sqlite", commitment, 15.5m);
        await ChangeOnAsync(life, "2026-01-11", new Pause());
        await ChangeOnAsync(life, "2026-01-21", new Resume());
        await ChargedAsync(life, charged);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Usage_that_comes_late_before_the_pause_leaves_more_of_the_fee_after_it(string storage)
    {
        // 30.00 and 33.00: with 15 late calls the fee draws 15.00 before the pause and 16.00 after it, where 1.00 were. What is missing is 17.00 rather than 32.00.
        await using var life = await SoldAsync(storage, 93);
        await ChangeOnAsync(life, "2026-01-11", new Pause());
        await ChangeOnAsync(life, "2026-01-21", new Resume());
        await life.GoToAsync("2026-02-02");
        await life.UseAsync("acme", "call", 15, "2026-01-05");
        await life.GoToAsync("2026-02-03");
        await ChargedAsync(life, "2026-02-01: 32.00");
        (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => line.Amount.Amount).ShouldBe([15m, -15m]);
    }

    [Fact]
    public async Task A_commitment_that_is_owed_whole_is_met_by_the_fee_of_the_whole()
    {
        // Of 62.00, however long it is paused, 31.00 are missing; as the end takes the fee away, 52.00 are, and the rest of it comes back as it goes on.
        await using var life = await SoldAsync("sqlite", 62, proration: Proration.None);
        await ChangeOnAsync(life, "2026-01-11", new Pause());
        await ChangeOnAsync(life, "2026-01-21", new Resume());
        await ChangeOnAsync(life, "2026-01-25", new Cancel { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-01-28", new Reactivate { EndAt = Day.Of("2026-02-01") });
        await ChargedAsync(life, "2026-01-11: 31.00", "2026-01-25: 7.00", "2026-02-01: -7.00");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(31)]
    public async Task So_it_is_on_invoices_over_several_subscriptions(int? commitment)
    {
        await using var life = await SoldAsync("sqlite", commitment, isConsolidated: true);
        await life.GoToAsync("2026-01-11");
        var paused = (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), Token)).Items[0].Id.ToString();
        await life.Billing.Changes.ApplyAsync(life.Tenant, paused, new Pause(), Token);
        await life.GoToAsync("2026-01-21");
        await life.Billing.Changes.ApplyAsync(life.Tenant, paused, new Resume(), Token);
        await ChargedAsync(life);
        (await life.InvoicesAsync("acme"))[0].Sections.Length.ShouldBe(2);
    }

    private static async Task ChargedAsync(Scenario life, params string[] charged)
    {
        if (life.Clock.Now < Day.Of("2026-02-01"))
        {
            await life.GoToAsync("2026-02-01");
        }

        (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Total.IsZero).Select(invoice => FormattableString.Invariant($"{Day.Write(invoice.CreatedAt)}: {invoice.Total.Amount:F2}")).ShouldBe(charged, await life.BillsAsync("acme"));
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, "paused");
    }

    private async Task<Scenario> SoldAsync(string storage, int? commitment, decimal credit = 31, string? coupon = null, Proration proration = Proration.BySecond, bool isConsolidated = false)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = isConsolidated });
        await life.PlanAsync("pro", Offer.Fee("fee", 31), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.PlanAsync("other", Offer.Fee("other-fee", 62));
        if (coupon is not null)
        {
            await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = coupon, Terms = new CouponTerms { PercentOff = 100, Duration = CouponDuration.Once } }, Token);
        }

        var times = isConsolidated ? 2 : 1;
        if (credit > 0)
        {
            await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(credit * times, Usd)) { Category = CreditCategory.Promotional }, Token);
        }

        for (var i = 0; i < times; i++)
        {
            await life.SubscribeAsync("acme", "pro", with => with with
            {
                EndAt = Day.Of("2026-02-01"), Coupons = coupon is null ? [] : [coupon], Commitment = commitment is { } amount ? new MinimumCommitment(Money.Of(amount, Usd), new BillingInterval(IntervalUnit.Month, 1), proration) : null,
            });
        }

        await life.RunAsync();
        return life;
    }
}
