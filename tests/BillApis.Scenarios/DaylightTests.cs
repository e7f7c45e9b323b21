namespace BillApis.Scenarios;

/// <summary>Clocks that are put forward and back: days of 23 and 25 hours, times that are skipped and times that come twice.</summary>
public sealed class DaylightTests(Databases databases) : LifeTests(databases)
{
    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_month_with_a_day_of_23_hours_is_a_month(string storage)
    {
        await using var life = await StartAsync(storage, "2026-02-28T23:00Z");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-04-02", Berlin);
        (await life.InvoicesAsync("acme"))[1].IssuedAt.ShouldBe(Instant.FromUtc(2026, 3, 31, 22, 0), "midnight in Berlin, two hours before that of UTC by now");
        await BillsAsync(life, """
            2026-03-01 invoice: 100.00
              fee 2026-03-01..2026-04-01: 100.00
            2026-04-01 invoice: 100.00
              fee 2026-04-01..2026-05-01: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task By_the_second_the_missing_hour_of_March_is_not_paid_for(string storage)
    {
        // March has 31 × 24 − 1 = 743 hours in Berlin, and from the 15th 17 × 24 − 1 = 407 are left: 743.00 × 407/743.
        await using var life = await StartAsync(storage, "2026-03-14T23:00Z");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("pro", Offer.Fee("fee", 743));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-03-20", Berlin);
        await BillsAsync(life, """
            2026-03-15 invoice: 407.00
              fee 2026-03-15..2026-04-01 (407/743): 407.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task By_the_second_the_hour_that_October_has_twice_is_paid_twice(string storage)
    {
        // 31 × 24 + 1 = 745 hours, and from the 15th 17 × 24 + 1 = 409.
        await using var life = await StartAsync(storage, "2026-10-14T22:00Z");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("pro", Offer.Fee("fee", 745));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-10-20", Berlin);
        await BillsAsync(life, """
            2026-10-15 invoice: 409.00
              fee 2026-10-15..2026-11-01 (409/745): 409.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task By_the_day_a_day_is_a_day_however_long(string storage)
    {
        // The same stub by the day: 17 of 31.
        await using var life = await StartAsync(storage, "2026-03-14T23:00Z");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("pro", Offer.Fee("fee", 31).Having(terms => terms with { Proration = Proration.ByDay }));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-03-20", Berlin);
        await BillsAsync(life, """
            2026-03-15 invoice: 17.00
              fee 2026-03-15..2026-04-01 (17/31): 17.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_time_that_is_skipped_is_the_first_that_there_is(string storage)
    {
        // On March 29 the clocks of Berlin go from 2:00 to 3:00; the day after, 2:30 is there again.
        await using var life = await StartAsync(storage, "2026-03-28T01:30Z");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("daily", Offer.Fee("day", 1).Every(IntervalUnit.Day));
        await life.SubscribeAsync("acme", "daily");
        await life.GoToAsync("2026-03-30T02:00", Berlin);
        await BillsAsync(life, """
            2026-03-28T02:30 invoice: 1.00
              day 2026-03-28T02:30..2026-03-29T03:00: 1.00
            2026-03-29T03:00 invoice: 1.00
              day 2026-03-29T03:00..2026-03-30T02:30: 1.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_time_that_comes_twice_is_the_first_of_the_two(string storage)
    {
        // On October 25 it is 2:30 at 0:30 UTC, and again at 1:30 UTC.
        await using var life = await StartAsync(storage, "2026-10-24T00:30Z");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("daily", Offer.Fee("day", 1).Every(IntervalUnit.Day));
        await life.SubscribeAsync("acme", "daily");
        await life.GoToAsync("2026-10-26", Berlin);
        (await life.InvoicesAsync("acme"))[1].IssuedAt.ShouldBe(Instant.FromUtc(2026, 10, 25, 0, 30));
        await BillsAsync(life, """
            2026-10-24T02:30 invoice: 1.00
              day 2026-10-24T02:30..2026-10-25T02:30: 1.00
            2026-10-25T02:30 invoice: 1.00
              day 2026-10-25T02:30..2026-10-26T02:30: 1.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Usage_belongs_to_the_month_of_the_customers_own_midnight(string storage)
    {
        // 23:59 of March 31 in New York is April 1 in UTC, and still March's.
        await using var life = await StartAsync(storage, "2026-03-01T05:00Z");
        var newYork = DateTimeZoneProviders.Tzdb["America/New_York"];
        await life.CustomerAsync(zone: "America/New_York");
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered");
        await life.UseAsync("acme", "call", 5, "2026-03-31T23:59");
        await life.UseAsync("acme", "call", 7, "2026-04-01");
        await life.GoToAsync("2026-05-02", newYork);
        await BillsAsync(life, """
            2026-04-01 invoice: 5.00
              calls × 5 2026-03-01..2026-04-01: 5.00
            2026-05-01 invoice: 7.00
              calls × 7 2026-04-01..2026-05-01: 7.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_customer_that_moves_keeps_the_periods_of_its_subscription(string storage)
    {
        // The zone is pinned as the subscription starts: bills stay at midnight in Berlin, 23:00 UTC the day before.
        await using var life = await StartAsync(storage, "2025-12-31T23:00Z");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-01-10", Berlin);
        await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { Zone = DateTimeZoneProviders.Tzdb["Asia/Tokyo"] }, TestContext.Current.CancellationToken);
        await life.GoToAsync("2026-02-02", Berlin);
        (await life.InvoicesAsync("acme"))[1].IssuedAt.ShouldBe(Instant.FromUtc(2026, 1, 31, 23, 0));
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00
              fee 2026-01-01..2026-02-01: 100.00
            2026-02-01 invoice: 100.00
              fee 2026-02-01..2026-03-01: 100.00
            """);
    }
}
