using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>A change without proration leaves the month that runs as it is, whether it is told before that month or on its day: what is paid in advance is charged to the end of the period.</summary>
public sealed class AheadWithoutProrationTests(Databases databases) : LifeTests(databases)
{
    public static TheoryData<string, bool> Told => new() { { "sqlite", true }, { "sqlite", false }, { "postgres", true }, { "postgres", false } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Phases_follow_their_proration_within_the_month(string storage)
    {
        // Two seats; from June 16 four, in full: 40.00 for June. From July 16 one, without proration: July costs 40.00 and August 10.00.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", Offer.Seats("seat", 10, 2));
        ImmutableSortedDictionary<string, decimal> Seats(decimal seats) => ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", seats);
        await life.SubscribeAsync("acme", "team", with => with with
        {
            Phases = [new NewPhase(Day.Of("2026-06-16")) { Quantities = Seats(4), Proration = ChangeProration.Full }, new NewPhase(Day.Of("2026-07-16")) { Quantities = Seats(1), Proration = ChangeProration.None }],
        });
        await life.GoToAsync("2026-08-01");
        var invoices = await life.InvoicesAsync("acme");
        decimal Month(int month) => invoices.Where(invoice => invoice.CreatedAt.InUtc().Month == month).Sum(invoice => invoice.Total.Amount);
        (Month(6), Month(7), Month(8)).ShouldBe((40m, 40m, 10m));
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Told))]
    public async Task A_downgrade_is_the_next_months(string storage, bool ahead)
    {
        await using var life = await RunningAsync(storage);
        await TellAsync(life, ahead, new ChangePlan("basic") { At = Day.Of("2026-07-16"), Proration = ChangeProration.None });
        await BillsAsync(life, [("2026-06-01", 30m), ("2026-07-01", 30m), ("2026-08-01", 10m)]);
    }

    [Theory]
    [MemberData(nameof(Told))]
    public async Task A_pause_within_the_month_gives_nothing_back_and_its_end_charges_nothing(string storage, bool ahead)
    {
        await using var life = await RunningAsync(storage);
        await TellAsync(life, ahead, new Pause { At = Day.Of("2026-07-16"), ResumeAt = Day.Of("2026-07-21"), Proration = ChangeProration.None });
        await BillsAsync(life, [("2026-06-01", 30m), ("2026-07-01", 30m), ("2026-08-01", 30m)]);
    }

    [Theory]
    [MemberData(nameof(Told))]
    public async Task Who_leaves_in_mid_month_has_paid_all_of_it_and_pays_nothing_to_come_back(string storage, bool ahead)
    {
        await using var life = await RunningAsync(storage);
        await TellAsync(life, ahead, new Cancel { At = Day.Of("2026-07-16"), Proration = ChangeProration.None });
        await ChangeOnAsync(life, "2026-07-21", new Reactivate());
        await BillsAsync(life, [("2026-06-01", 30m), ("2026-07-01", 30m), ("2026-08-01", 30m)]);
    }

    [Theory]
    [MemberData(nameof(Told))]
    public async Task The_next_change_settles_both_from_its_own_day(string storage, bool ahead)
    {
        // 11 of July's 31 days: 30.00 give 10.65 back, and top's 60.00 cost 21.29.
        await using var life = await RunningAsync(storage);
        await TellAsync(life, ahead, new ChangePlan("basic") { At = Day.Of("2026-07-16"), Proration = ChangeProration.None });
        await ChangeOnAsync(life, "2026-07-21", new ChangePlan("top") { When = ChangeWhen.Immediate });
        await BillsAsync(life, [("2026-06-01", 30m), ("2026-07-01", 30m), ("2026-07-21", 10.64m), ("2026-08-01", 60m)]);
    }

    [Theory]
    [MemberData(nameof(Told))]
    public async Task The_month_that_is_paid_ends_with_the_term(string storage, bool ahead)
    {
        // July 1 to 20 are 19 of 31 days: 18.39.
        await using var life = await RunningAsync(storage, Day.Of("2026-07-20"));
        await TellAsync(life, ahead, new ChangePlan("basic") { At = Day.Of("2026-07-16"), Proration = ChangeProration.None });
        await BillsAsync(life, [("2026-06-01", 30m), ("2026-07-01", 18.39m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_withdrawn_in_time_changes_nothing(string storage)
    {
        await using var life = await RunningAsync(storage);
        await TellAsync(life, ahead: true, new ChangePlan("basic") { At = Day.Of("2026-07-16"), Proration = ChangeProration.None });
        await ChangeOnAsync(life, "2026-07-05", new Withdraw((await life.Billing.Subscriptions.GetAsync(life.Tenant, await SubscriptionAsync(life), Token)).Timeline.Entries[^1].Number));
        await BillsAsync(life, [("2026-06-01", 30m), ("2026-07-01", 30m), ("2026-08-01", 30m)]);
    }

    private static async Task TellAsync(Scenario life, bool ahead, SubscriptionChange change) => await ChangeOnAsync(life, ahead ? "2026-06-10" : "2026-07-16", change);

    private static async Task BillsAsync(Scenario life, (string Date, decimal Total)[] bills)
    {
        await life.GoToAsync("2026-08-01");
        (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Total.IsZero).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe(bills);
        await BilledLives.ProveAsync(life);
    }

    private async Task<Scenario> RunningAsync(string storage, Instant? end = null)
    {
        var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 10));
        await life.PlanAsync("pro", Offer.Fee("pro-fee", 30));
        await life.PlanAsync("top", Offer.Fee("top-fee", 60));
        await life.SubscribeAsync("acme", "pro", with => with with { EndAt = end });
        return life;
    }
}
