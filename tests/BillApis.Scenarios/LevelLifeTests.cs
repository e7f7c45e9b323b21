using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>Levels that begin with each month and last in it, in months that are cut: June 2026 has 30 days, and 60 GB are stored from its first day on.</summary>
public sealed class LevelLifeTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_level_lasts_over_a_change_of_plan_and_ends_with_the_month(string storage)
    {
        // 60 × 15/30 = 30 at 1.00. From the 16th at 2.00: 60 × 15/30 + 30 × 10/30 = 40. July begins with nothing.
        await using var life = await StoringAsync(storage);
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("pro"));
        await life.UseAsync("acme", "stored", 30, "2026-06-21");
        var preview = (await life.Billing.Previews.UpcomingAsync(life.Tenant, await SubscriptionAsync(life), Token))!;
        (preview.Lines.Single().Quantity, preview.Total.Amount).ShouldBe((40m, 80m));
        await life.GoToAsync("2026-08-02");
        await BillsAsync(life, """
            2026-06-16 invoice: 30.00
              disk × 30 2026-06-01..2026-06-16: 30.00
            2026-07-01 invoice: 80.00
              disk-pro × 40 2026-06-16..2026-07-01: 80.00
            2026-08-01 invoice: 0.00 (paid)
              disk-pro × 0 2026-07-01..2026-08-01: 0.00
            """);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_level_lasts_over_a_change_of_its_price(string storage)
    {
        // The 60 GB at 1.00 until the 11th and at 3.00 from then on: 60 × 10/30 = 20, and 60 × 20/30 = 40 for 120.00.
        await using var life = await StoringAsync(storage);
        await life.GoToAsync("2026-06-11");
        var terms = (await life.Billing.Prices.GetAsync(life.Tenant, "disk", Token)).Terms with { Model = new PerUnitPrice(3) };
        await ChangeAsync(life, new ChangePrices(ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("disk", terms)) { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-07-02");
        (await AmountsAsync(life)).ShouldBe([(20m, 20m), (40m, 120m)]);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_level_goes_on_after_a_pause_and_the_pause_is_not_paid_for(string storage)
    {
        // 10 days before and 10 days after a pause of 10 days; what is added in the pause is there after it: 60 × 10/30 = 20, and 90 × 10/30 = 30.
        await using var life = await StoringAsync(storage);
        await life.GoToAsync("2026-06-11");
        await ChangeAsync(life, new Pause { When = ChangeWhen.Immediate, Proration = ChangeProration.Prorate, ResumeAt = Day.Of("2026-06-21") });
        await life.UseAsync("acme", "stored", 30, "2026-06-15");
        await life.GoToAsync("2026-07-02");
        (await AmountsAsync(life)).ShouldBe([(20m, 20m), (30m, 30m)]);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_late_change_of_the_level_is_adjusted_in_all_parts_that_it_lasts_into(string storage)
    {
        // 30 GB more from June 6 on: 10 days of the first part at 1.00 and 15 days of the second at 2.00, 10 and 15 GB of a month.
        await using var life = await StoringAsync(storage);
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("pro"));
        await life.GoToAsync("2026-07-10");
        await life.UseAsync("acme", "stored", 30, "2026-06-06");
        await life.GoToAsync("2026-08-02");
        (await AmountsAsync(life)).ShouldBe([(30m, 30m), (30m, 60m), (0m, 0m), (10m, 10m), (15m, 30m)], ignoreOrder: true);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_billed_early_after_a_change_has_the_level_of_before(string storage)
    {
        // A level that is known lasts to the end of its month: 60.00 at once, of which the change takes half back. The second part is 60 × 15/30 = 30 at 2.00, the threshold; 12 GB more for 5 days are the rest.
        await using var life = await StoringAsync(storage, threshold: 60);
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("pro"));
        await life.GoToAsync("2026-06-20");
        await life.UseAsync("acme", "stored", 12, "2026-06-26");
        await life.GoToAsync("2026-07-02");
        (await AmountsAsync(life)).ShouldBe([(60m, 60m), (-30m, -30m), (30m, 60m), (2m, 4m)]);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Members_are_there_for_the_same_days_however_their_month_is_cut(string storage)
    {
        // a leaves on the 16th at 6, b comes on the 11th; the plan changes on the 16th at noon, a day that belongs to the second part:
        // 15 + 5 of 30 days at 30.00 are 20.00, and 1 + 15 at 60.00 are 32.00.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.Billing.Metrics.CreateAsync(life.Tenant, new Metric { Code = "member", Name = "Members", EventType = "member", Aggregation = Aggregation.UniqueCount, Property = "who", OperationProperty = "op", Weighting = TimeWeighting.Day }, Token);
        await life.PlanAsync("basic", Offer.Usage("members", "member", new PerUnitPrice(30)));
        await life.PlanAsync("pro", Offer.Usage("members-pro", "member", new PerUnitPrice(60)));
        await life.SubscribeAsync("acme", "basic");
        await life.UseAsync("acme", "member", 1, "2026-06-01", ("who", "a"), ("op", "add"));
        await life.UseAsync("acme", "member", 1, "2026-06-11", ("who", "b"), ("op", "add"));
        await life.UseAsync("acme", "member", 1, "2026-06-16T06:00", ("who", "a"), ("op", "remove"));
        await life.GoToAsync("2026-06-16T12:00");
        await ChangeAsync(life, new ChangePlan("pro"));
        await life.GoToAsync("2026-07-02");
        (await AmountsAsync(life)).Select(line => line.Amount).ShouldBe([20m, 32m]);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_level_of_the_month_is_carried_into_a_year_and_those_of_earlier_months_are_not(string storage)
    {
        // 60 GB anew in each month: 60 × 15/30 = 30 until the change. Of the 365 days the year has 199 left: 60 × 199/365 = 32.71…, and 73 GB from July 5 on for 180 days are 36.
        await using var life = await CalendarAsync(storage, "2026-01-01", "basic");
        for (var month = 1; month <= 6; month++)
        {
            await life.UseAsync("acme", "stored", 60, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"2026-{month:00}-01"));
        }

        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("yearly"));
        await life.UseAsync("acme", "stored", 73, "2026-07-05");
        await life.GoToAsync("2027-01-02");
        var amounts = await AmountsAsync(life);
        amounts.SkipLast(1).ShouldBe([(60m, 60m), (60m, 60m), (60m, 60m), (60m, 60m), (60m, 60m), (30m, 30m)]);
        amounts[^1].Quantity.ShouldBe((60m * 199 / 365) + 36m, 0.0000001m);
        amounts[^1].Amount.ShouldBe(68.71m);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_level_of_the_week_is_carried_into_a_month_and_over_another_change_of_it(string storage)
    {
        // Weeks begin on Mondays: June 1, 8 and 15. 60 GB anew on each: 60, 60, and 60 × 1/7. From the 16th at 3.00 for 5 of 30 days: 10, and from the 21st at 1.00 for 10: 20.
        await using var life = await CalendarAsync(storage, "2026-06-01", "weekly");
        foreach (var at in new[] { "2026-06-01", "2026-06-08", "2026-06-15" })
        {
            await life.UseAsync("acme", "stored", 60, at);
        }

        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("triple"));
        await life.GoToAsync("2026-06-21");
        await ChangeAsync(life, new ChangePlan("basic"));
        await life.GoToAsync("2026-08-02");
        var amounts = await AmountsAsync(life);
        amounts.Select(line => line.Amount).ShouldBe([60m, 60m, 8.57m, 30m, 20m, 0m]);
        amounts.Skip(3).Select(line => line.Quantity).ShouldBe([10m, 20m, 0m]);
        await CheckAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_reported_before_the_subscription_began_is_not_in_its_first_part(string storage)
    {
        // 60 GB of June 1 are nothing to what begins on the 16th; 30 GB from the 21st on for 10 of 30 days are 10, and last over a change on the 26th: 30 × 5/30 = 5 and 5 at 3.00.
        await using var life = await CalendarAsync(storage, "2026-06-16", "basic");
        await life.UseAsync("acme", "stored", 60, "2026-06-01");
        await life.UseAsync("acme", "stored", 30, "2026-06-21");
        await life.GoToAsync("2026-06-26");
        await ChangeAsync(life, new ChangePlan("triple"));
        await life.GoToAsync("2026-07-02");
        (await AmountsAsync(life)).ShouldBe([(5m, 5m), (5m, 15m)]);
        await CheckAsync(life);
    }

    private async Task<Scenario> CalendarAsync(string storage, string start, string plan)
    {
        var life = await StartAsync(storage, start);
        await life.CustomerAsync();
        foreach (var (code, unit, price) in new[] { ("basic", IntervalUnit.Month, 1), ("triple", IntervalUnit.Month, 3), ("weekly", IntervalUnit.Week, 1), ("yearly", IntervalUnit.Year, 1) })
        {
            await life.PlanAsync(code, Offer.Usage($"disk-{code}", "stored", new PerUnitPrice(price)).Every(unit) with { Aggregation = Aggregation.WeightedSum });
        }

        await life.SubscribeAsync("acme", plan, with => with with { Anchor = BillingAnchor.Calendar });
        return life;
    }

    private static async Task<IReadOnlyList<(decimal Quantity, decimal Amount)>> AmountsAsync(Scenario life) =>
        [.. (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Select(line => (line.Quantity, line.Amount.Amount))];

    private static async Task ChangeAsync(Scenario life, SubscriptionChange change)
    {
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), change, Token);
        await life.RunAsync();
    }

    // The bills recompute from their events, the windows of an explained line add up to it, and the totals are what their events give.
    private static async Task CheckAsync(Scenario life)
    {
        await BilledLives.VerifyAsync(life);
        foreach (var invoice in await life.InvoicesAsync("acme"))
        {
            foreach (var line in (await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), cancellationToken: Token)).Lines)
            {
                // Each window is rounded to 12 fractional digits.
                line.Usage!.Totals.Sum(row => row.Value).ShouldBe(line.Usage.Quantity, Math.Max(10, line.Usage.Totals.Length) * 0.000000000001m);
            }
        }

        (await life.Billing.Usage.VerifyAsync(life.Tenant, Token).ToListAsync(Token)).SelectMany(rebuilt => rebuilt.Differences).ShouldBeEmpty();
    }

    private async Task<Scenario> StoringAsync(string storage, decimal? threshold = null)
    {
        var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Usage("disk", "stored", new PerUnitPrice(1)) with { Aggregation = Aggregation.WeightedSum });
        await life.PlanAsync("pro", Offer.Usage("disk-pro", "stored", new PerUnitPrice(2)) with { Aggregation = Aggregation.WeightedSum });
        await life.SubscribeAsync("acme", "basic", with => with with { UsageThreshold = threshold is { } amount ? Money.Of(amount, Currency.Parse("USD")) : null });
        await life.UseAsync("acme", "stored", 60, "2026-06-01");
        return life;
    }
}
