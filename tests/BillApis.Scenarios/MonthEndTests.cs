namespace BillApis.Scenarios;

/// <summary>When periods begin: boundary n is the anchor plus n intervals, never the boundary before plus one.</summary>
public sealed class MonthEndTests(Databases databases) : LifeTests(databases)
{
    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_31st_becomes_the_28th_and_the_31st_again(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-31");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-05-01");
        await BillsAsync(life, """
            2026-01-31 invoice: 100.00
              fee 2026-01-31..2026-02-28: 100.00
            2026-02-28 invoice: 100.00
              fee 2026-02-28..2026-03-31: 100.00
            2026-03-31 invoice: 100.00
              fee 2026-03-31..2026-04-30: 100.00
            2026-04-30 invoice: 100.00
              fee 2026-04-30..2026-05-31: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task In_a_leap_year_February_ends_on_the_29th(string storage)
    {
        await using var life = await StartAsync(storage, "2028-01-31");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2028-03-01");
        await BillsAsync(life, """
            2028-01-31 invoice: 100.00
              fee 2028-01-31..2028-02-29: 100.00
            2028-02-29 invoice: 100.00
              fee 2028-02-29..2028-03-31: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_year_that_began_on_a_leap_day_comes_back_to_it(string storage)
    {
        await using var life = await StartAsync(storage, "2028-02-29");
        await life.CustomerAsync();
        await life.PlanAsync("yearly", Offer.Fee("year", 366).Every(IntervalUnit.Year));
        await life.SubscribeAsync("acme", "yearly");
        await life.GoToAsync("2032-03-01");
        await BillsAsync(life, """
            2028-02-29 invoice: 366.00
              year 2028-02-29..2029-02-28: 366.00
            2029-02-28 invoice: 366.00
              year 2029-02-28..2030-02-28: 366.00
            2030-02-28 invoice: 366.00
              year 2030-02-28..2031-02-28: 366.00
            2031-02-28 invoice: 366.00
              year 2031-02-28..2032-02-29: 366.00
            2032-02-29 invoice: 366.00
              year 2032-02-29..2033-02-28: 366.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task On_the_calendar_the_first_month_is_a_stub(string storage)
    {
        // From the 15th there are 17 of January's 31 days left: 31.00 × 17/31 = 17.00.
        await using var life = await StartAsync(storage, "2026-01-15");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 31));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-02-15");
        await BillsAsync(life, """
            2026-01-15 invoice: 17.00
              fee 2026-01-15..2026-02-01 (17/31): 17.00
            2026-02-01 invoice: 31.00
              fee 2026-02-01..2026-03-01: 31.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_calendar_quarter_begins_in_January_April_July_or_October(string storage)
    {
        // February 15 to April 1 are 14 + 31 = 45 of the quarter's 31 + 28 + 31 = 90 days: a half.
        await using var life = await StartAsync(storage, "2026-02-15");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("quarter", 90).Every(IntervalUnit.Quarter));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-06-30");
        await BillsAsync(life, """
            2026-02-15 invoice: 45.00
              quarter 2026-02-15..2026-04-01 (1/2): 45.00
            2026-04-01 invoice: 90.00
              quarter 2026-04-01..2026-07-01: 90.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_31st_of_each_month_is_its_last_day(string storage)
    {
        // January 10 to 31 are 21 of the 31 days from December 31.
        await using var life = await StartAsync(storage, "2026-01-10");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 31));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.OnDay(31) });
        await life.GoToAsync("2026-03-01");
        await BillsAsync(life, """
            2026-01-10 invoice: 21.00
              fee 2026-01-10..2026-01-31 (21/31): 21.00
            2026-01-31 invoice: 31.00
              fee 2026-01-31..2026-02-28: 31.00
            2026-02-28 invoice: 31.00
              fee 2026-02-28..2026-03-31: 31.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_calendar_week_begins_on_Monday(string storage)
    {
        // January 1, 2026 is a Thursday: four of seven days are left.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("weekly", Offer.Fee("week", 7).Every(IntervalUnit.Week));
        await life.SubscribeAsync("acme", "weekly", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-01-11");
        await BillsAsync(life, """
            2026-01-01 invoice: 4.00
              week 2026-01-01..2026-01-05 (4/7): 4.00
            2026-01-05 invoice: 7.00
              week 2026-01-05..2026-01-12: 7.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task By_the_day_the_day_of_the_start_counts_whole(string storage)
    {
        // January 15 to 31 are 17 days, whatever the hour of the start.
        await using var life = await StartAsync(storage, "2026-01-15T10:30");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 31).Having(terms => terms with { Proration = Proration.ByDay }));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-01-31");
        await BillsAsync(life, """
            2026-01-15T10:30 invoice: 17.00
              fee 2026-01-15T10:30..2026-02-01 (17/31): 17.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Without_proration_a_stub_costs_as_much_as_a_month(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-30");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 31).Having(terms => terms with { Proration = Proration.None }));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-30 invoice: 31.00
              fee 2026-01-30..2026-02-01: 31.00
            2026-02-01 invoice: 31.00
              fee 2026-02-01..2026-03-01: 31.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Ten_days_are_ten_days_across_months(string storage)
    {
        await using var life = await StartAsync(storage, "2026-02-20");
        await life.CustomerAsync();
        await life.PlanAsync("ten", Offer.Fee("days", 10).Every(IntervalUnit.Day, 10));
        await life.SubscribeAsync("acme", "ten");
        await life.GoToAsync("2026-03-12");
        await BillsAsync(life, """
            2026-02-20 invoice: 10.00
              days 2026-02-20..2026-03-02: 10.00
            2026-03-02 invoice: 10.00
              days 2026-03-02..2026-03-12: 10.00
            2026-03-12 invoice: 10.00
              days 2026-03-12..2026-03-22: 10.00
            """);
    }
}
