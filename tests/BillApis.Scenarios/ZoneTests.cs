namespace BillApis.Scenarios;

/// <summary>From Berlin to New York and back in March 2026, whose 743 hours cost 743.00 in both: the clocks go forward on the 8th there, and on the 29th here.</summary>
public sealed class ZoneTests(Databases databases) : LifeTests(databases)
{
    private static readonly DateTimeZone NewYork = DateTimeZoneProviders.Tzdb["America/New_York"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_month_is_split_and_ends_when_it_does_in_the_new_zone(string storage)
    {
        // At 00:00 UTC of March 16, 382 hours of Berlin's March are left and 388 of New York's, which ends six hours later.
        await using var life = await RunningAsync(storage, "Europe/Berlin", "2026-02-28T23:00Z", Proration.BySecond);
        await life.GoToAsync("2026-03-16");
        await MoveAsync(life, NewYork);
        await life.GoToAsync("2026-04-02");
        await BillsAsync(life, """
            2026-03-01 invoice: 743.00
              fee 2026-03-01..2026-04-01: 743.00
            2026-03-16T01:00 invoice: 6.00
              calls × 0 2026-03-01..2026-03-16T01:00: 0.00
              fee 2026-03-16T01:00..2026-04-01T06:00 (388/743): 388.00
              fee: unused time 2026-03-16T01:00..2026-04-01 (382/743): -382.00
            2026-04-01T06:00 invoice: 743.00
              calls × 0 2026-03-16T01:00..2026-04-01T06:00: 0.00
              fee 2026-04-01T06:00..2026-05-01T06:00: 743.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Days_are_given_back_by_the_old_zone_and_charged_by_the_new_one(string storage)
    {
        // At 01:00 UTC of March 16 it is the 16th in Berlin, of whose 31 days 16 are left, and the 15th in New York, with 17.
        await using var life = await RunningAsync(storage, "Europe/Berlin", "2026-02-28T23:00Z", Proration.ByDay);
        await life.GoToAsync("2026-03-16T01:00Z");
        await MoveAsync(life, NewYork);
        var lines = (await life.InvoicesAsync("acme"))[^1].Lines.Where(line => line.Kind is not LineKind.Usage).Select(line => (line.Factor.ToString(), line.Amount.MinorUnits));
        lines.ShouldBe([("17/31", 40745L), ("16/31", -38348L)]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Every_call_is_billed_once_on_either_side_of_the_change(string storage)
    {
        // 23:00 UTC of March 31 is April in Berlin, and March in New York: 5, 3 + 2, and 4 calls.
        await using var life = await RunningAsync(storage, "Europe/Berlin", "2026-02-28T23:00Z", Proration.BySecond);
        foreach (var (calls, at) in new[] { (5, "2026-03-10T00:00Z"), (3, "2026-03-20T00:00Z"), (2, "2026-03-31T23:00Z"), (4, "2026-04-01T05:00Z") })
        {
            await life.UseAsync("acme", "call", calls, at);
        }

        await life.GoToAsync("2026-03-16");
        await MoveAsync(life, NewYork);
        await life.GoToAsync("2026-05-02");
        (await life.InvoicesAsync("acme")).Skip(1).Select(invoice => invoice.Lines.Single(line => line.Kind is LineKind.Usage).Quantity).ShouldBe([5m, 5m, 4m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Where_the_new_month_has_begun_already_the_old_one_is_given_back(string storage)
    {
        // At 23:30 UTC of March 31 it is April in Berlin for 1.5 of its 720 hours; New York's March has 4.5 left: 743 × 718.5 / 720 = 741.45, less 4.50.
        await using var life = await RunningAsync(storage, "America/New_York", "2026-03-01T05:00Z", Proration.BySecond);
        await life.GoToAsync("2026-03-31T23:30");
        await MoveAsync(life, Berlin);
        await life.GoToAsync("2026-05-02");
        (await life.InvoicesAsync("acme")).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount))
            .ShouldBe([("2026-03-01T05:00", 743m), ("2026-03-31T23:30", 736.95m), ("2026-04-30T22:00", 743m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_price_that_is_not_prorated_is_charged_once_a_month_though_two_begin(string storage)
    {
        // April began in Berlin at 22:00 UTC and was charged. In New York it begins once more, six hours later.
        await using var life = await RunningAsync(storage, "Europe/Berlin", "2026-02-28T23:00Z", Proration.None);
        await life.GoToAsync("2026-03-31T22:30");
        await MoveAsync(life, NewYork);
        await life.GoToAsync("2026-06-02");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines.Where(line => line.Kind is LineKind.Flat).Select(line => (Day.Write(invoice.CreatedAt), line.Amount.Amount)))
            .ShouldBe([("2026-02-28T23:00", 743m), ("2026-03-31T22:00", 743m), ("2026-05-01T04:00", 743m), ("2026-06-01T04:00", 743m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_customers_zone_is_for_what_it_subscribes_to_from_then_on_and_a_change_without_proration_is_refused(string storage)
    {
        await using var life = await RunningAsync(storage, "Europe/Berlin", "2026-02-28T23:00Z", Proration.BySecond);
        await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { Zone = NewYork }, Token);
        await life.GoToAsync("2026-04-01");
        (await life.InvoicesAsync("acme")).Select(invoice => Day.Write(invoice.CreatedAt)).ShouldBe(["2026-02-28T23:00", "2026-03-31T22:00"], "a zone is pinned to the subscription");
        (await Should.ThrowAsync<BillingException>(() => MoveAsync(life, NewYork, ChangeProration.None))).Message.ShouldContain("proration");
        (await life.SubscribeAsync("acme", "pro")).Timeline.Zone.ShouldBe(NewYork);
    }

    [Theory]
    [InlineData("sqlite", 672)]
    [InlineData("sqlite", 0.08)]
    [InlineData("postgres", 0.08)]
    public async Task A_zone_that_is_moved_as_the_month_begins_counts_all_of_it_whatever_it_costs(string storage, decimal fee)
    {
        // From February 20 to March 20 there are 671 hours in New York and 672 in Berlin; 260 of those are left on March 9 at 04:00 UTC.
        await using var life = await StartAsync(storage, "2026-02-20");
        await life.CustomerAsync(zone: "America/New_York");
        await life.PlanAsync("pro", Offer.Fee("fee", fee));
        await life.SubscribeAsync("acme", "pro");
        await life.RunAsync();
        await MoveAsync(life, Berlin);
        await ChangeOnAsync(life, "2026-03-09T04:00Z", new Cancel { When = ChangeWhen.Immediate });
        var lines = (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Select(line => (line.Kind, line.Period!.Value.Duration.TotalHours, line.Factor.ToString(), line.Amount.Amount)).ToList();
        lines.ShouldBe([(LineKind.Flat, 671, "1/1", fee), (LineKind.Flat, 672, "1/1", fee), (LineKind.UnusedTime, 671, "1/1", -fee), (LineKind.UnusedTime, 260, "65/168", fee == 672 ? -260 : -0.03m)]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [InlineData("sqlite", 671)]
    [InlineData("sqlite", 0.08)]
    [InlineData("postgres", 0.08)]
    public async Task A_zone_that_is_moved_in_mid_month_gives_the_rest_back_and_charges_it_whatever_it_costs(string storage, decimal fee)
    {
        // On March 9 at 04:00 UTC, 259 of 671 hours are left in New York and 260 of 672 in Berlin: 0.08 × 259 / 671 = 0.0309.
        await using var life = await StartAsync(storage, "2026-02-20");
        await life.CustomerAsync(zone: "America/New_York");
        await life.PlanAsync("pro", Offer.Fee("fee", fee));
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-03-09T04:00Z");
        await MoveAsync(life, Berlin);
        var lines = (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => (line.Kind, line.Factor.ToString(), line.Amount.Amount)).ToList();
        lines.ShouldBe([(LineKind.Flat, "65/168", fee == 671 ? 259.61m : 0.03m), (LineKind.UnusedTime, "259/671", fee == 671 ? -259 : -0.03m)]);
        await BilledLives.VerifyAsync(life);
    }

    private static async Task MoveAsync(Scenario life, DateTimeZone zone, ChangeProration? proration = null)
    {
        var id = (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), Token)).Items[0].Id.ToString();
        var change = new ChangeZone(zone) { Proration = proration };
        var preview = await life.Billing.Changes.PreviewAsync(life.Tenant, id, change, Token);
        var changed = await life.Billing.Changes.ApplyAsync(life.Tenant, id, change, Token);
        (changed.Invoice?.Id, changed.Invoice?.Total).ShouldBe((preview.Invoice?.Id, preview.Invoice?.Total));
    }

    private async Task<Scenario> RunningAsync(string storage, string zone, string start, Proration proration)
    {
        var life = await StartAsync(storage, start);
        await life.CustomerAsync(zone: zone);
        await life.PlanAsync("pro", Offer.Fee("fee", 743).Having(terms => terms with { Proration = proration }), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.RunAsync();
        return life;
    }
}
