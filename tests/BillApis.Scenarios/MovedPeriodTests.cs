namespace BillApis.Scenarios;

/// <summary>What is charged and given back where periods move: to another zone, and by a plan that counts them anew.</summary>
public sealed class MovedPeriodTests(Databases databases) : LifeTests(databases)
{
    private static readonly DateTimeZone LordHowe = DateTimeZoneProviders.Tzdb["Australia/Lord_Howe"];
    private static readonly DateTimeZone Kolkata = DateTimeZoneProviders.Tzdb["Asia/Kolkata"];

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_follows_an_hour_of_another_period_is_a_part_of_its_own(string storage)
    {
        // The hours to the 28th in Kolkata go on with ten days of Lord Howe; the four days after them, to the end of a period that began on the 22nd, are 2/5 of 10.00.
        await using var life = await StartAsync(storage, "2026-01-15T18:51Z");
        await life.CustomerAsync(zone: "Australia/Lord_Howe");
        await life.PlanAsync("one", Offer.Fee("fee", 10).Every(IntervalUnit.Day, 10), Offer.Usage("calls", "call", new PerUnitPrice(0.01m)).Every(IntervalUnit.Week, 2));
        await life.PlanAsync("two", Offer.Fee("fee", 10).Every(IntervalUnit.Day, 10), Offer.Usage("texts", "text", new PerUnitPrice(0.01m)));
        await life.SubscribeAsync("acme", "one", with => with with { Anchor = BillingAnchor.Calendar });
        await ChangeOnAsync(life, "2026-01-17T18:51Z", new ChangePlan("two") { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-01-20T20:02:12Z", new ChangeZone(Kolkata));
        await ChangeOnAsync(life, "2026-01-22T18:51Z", new ChangePlan("one") { At = Day.Of("2026-01-22T02:42:34Z"), Proration = ChangeProration.None });
        await life.GoToAsync("2026-02-12T00:00Z");
        await BillsAsync(life, """
            2026-01-16T05:51 invoice: 9.76
              fee 2026-01-16T05:51..2026-01-26 (1561/1600): 9.76
            2026-01-18T05:51 invoice: 2.00
              calls × 0 2026-01-16T05:51..2026-01-18T05:51: 0.00
              fee 2026-01-18T05:51..2026-01-28 (1561/1600): 9.76
              fee: unused time 2026-01-18T05:51..2026-01-26 (1241/1600): -7.76
            2026-01-21T07:02:12 invoice: 0.23
              texts × 0 2026-01-18T05:51..2026-01-21T07:02:12: 0.00
              fee 2026-01-28..2026-01-28T05:30 (11/480): 0.23
            2026-01-23T05:51 invoice: 4.00
              texts × 0 2026-01-21T07:02:12..2026-01-22T13:42:34: 0.00
              fee 2026-01-28T05:30..2026-02-01T05:30 (2/5): 4.00
            2026-02-01T05:30 invoice: 10.00
              fee 2026-02-01T05:30..2026-02-11T05:30: 10.00
            2026-02-02T05:30 invoice: 0.00 (paid)
              calls × 0 2026-01-22T13:42:34..2026-02-02T05:30: 0.00
            2026-02-11T05:30 invoice: 10.00
              fee 2026-02-11T05:30..2026-02-21T05:30: 10.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_minimum_is_given_back_by_the_days_of_the_zone_that_it_was_billed_in(string storage)
    {
        // 14:00Z of June 10 is the 10th in Kolkata and the 11th on Lord Howe: 21 of 30 days come back, of the seats and of what brings them to 30.00.
        await using var life = await StartAsync(storage, "2026-05-31T18:30Z");
        await life.CustomerAsync(zone: "Asia/Kolkata");
        await life.PlanAsync("one", Offer.Seats("seat", 1, 3).Having(terms => terms with { MinimumAmount = 30, Proration = Proration.ByDay }));
        await life.SubscribeAsync("acme", "one", with => with with { Anchor = BillingAnchor.Calendar });
        await ChangeOnAsync(life, "2026-06-06T00:00Z", new ChangeZone(LordHowe));
        await ChangeOnAsync(life, "2026-06-10T14:00Z", new Cancel { When = ChangeWhen.Immediate });
        await BillsAsync(life, """
            2026-06-01 invoice: 30.00
              seat × 3 2026-06-01..2026-07-01: 3.00
              seat: minimum 2026-06-01..2026-07-01: 27.00
            2026-06-10T19:30 invoice: -21.00, due 0.00 (paid)
              seat: unused time 2026-06-10T19:30..2026-07-01 (7/10): -2.10
              seat: minimum: unused time 2026-06-10T19:30..2026-07-01 (7/10): -18.90
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_charged_once_in_a_month_is_not_charged_on_a_return_in_it(string storage)
    {
        // What is charged once a period was charged for January 2 to 13, and the calendar month of the return is January.
        await using var life = await StartAsync(storage, "2026-01-02");
        await life.CustomerAsync();
        await life.PlanAsync("one", Offer.Fee("fee", 31), Offer.Fee("once", 7).Having(terms => terms with { Proration = Proration.None }));
        await life.PlanAsync("two", Offer.Fee("fee", 31), Offer.Fee("once", 7).Having(terms => terms with { Proration = Proration.None }));
        await life.SubscribeAsync("acme", "one", with => with with { EndAt = Day.Of("2026-06-13"), Anchor = BillingAnchor.OnDay(13) });
        await ChangeOnAsync(life, "2026-01-14", new Renew(Day.Of("2026-01-24")) { Proration = ChangeProration.Full });
        await ChangeOnAsync(life, "2026-01-14", new ChangePlan("two") { At = Day.Of("2026-01-24"), Anchor = BillingAnchor.Calendar, Proration = ChangeProration.Full });
        await ChangeOnAsync(life, "2026-01-31", new Reactivate { EndAt = Day.Of("2026-02-23") });
        await life.GoToAsync("2026-03-01");
        await BillsAsync(life, """
            2026-01-02 invoice: 18.00
              fee 2026-01-02..2026-01-13 (11/31): 11.00
              once 2026-01-02..2026-01-13: 7.00
            2026-01-13 invoice: 38.00
              fee 2026-01-13..2026-02-13: 31.00
              once 2026-01-13..2026-02-13: 7.00
            2026-01-24 invoice: -38.00, due 0.00 (paid)
              fee: unused time 2026-01-13..2026-02-13: -31.00
              once: unused time 2026-01-13..2026-02-13: -7.00
            2026-01-31 invoice: 1.00, due 0.00 (paid)
              fee 2026-01-31..2026-02-01 (1/31): 1.00
              paid credit: -1.00
            2026-02-01 invoice: 31.36, due 0.00 (paid)
              fee 2026-02-01..2026-02-23 (11/14): 24.36
              once 2026-02-01..2026-02-23: 7.00
              paid credit: -31.36
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_pause_as_of_before_a_bill_names_that_bill(string storage)
    {
        // The pause ends what the early bill of March 6 billed on January 22, and so does its own bill, which the exported file has to have the early one for.
        await using var life = await StartAsync(storage, "2026-01-17");
        await life.CustomerAsync();
        await life.PlanAsync("one", Offer.Usage("calls", "call", new PerUnitPrice(0.01m)).Every(IntervalUnit.Month, 3));
        await life.SubscribeAsync("acme", "one", with => with with { UsageThreshold = Money.Of(5, Currency.Parse("USD")) });
        await life.UseAsync("acme", "call", 100, "2026-01-18");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 500, "2026-02-10");
        await life.GoToAsync("2026-03-06");
        await ChangeOnAsync(life, "2026-03-07", new Pause { At = Day.Of("2026-01-22"), Proration = ChangeProration.None });
        await life.RunAsync();
        await BillsAsync(life, """
            2026-03-06 invoice: 6.00
              calls: usage so far × 600 2026-01-17..2026-04-17: 6.00
            2026-03-07 invoice: -5.00, due 0.00 (paid)
              calls: rest of the usage × -500 2026-01-17..2026-01-22 (1/18): -5.00
            """);
        await BilledLives.ProveAsync(life);
    }
}
