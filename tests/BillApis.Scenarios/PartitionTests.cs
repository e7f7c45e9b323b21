namespace BillApis.Scenarios;

/// <summary>A period that is billed in several parts at one price costs what it costs as a whole, to the minor unit.</summary>
public sealed class PartitionTests(Databases databases) : LifeTests(databases)
{
    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_term_that_is_renewed_twice_in_a_month_costs_the_month(string storage)
    {
        // A third of 10.00 is 3.33, two thirds are 6.67, of which 3.33 were billed.
        await using var life = await TermAsync(storage, "2026-06-11", Offer.Fee("fee", 10));
        await ChangeOnAsync(life, "2026-06-05", new Renew(Day.Of("2026-06-21")));
        await ChangeOnAsync(life, "2026-06-15", new Renew(Day.Of("2027-06-01")));
        await life.GoToAsync("2026-07-01");
        await BillsAsync(life, """
            2026-06-01 invoice: 3.33
              fee 2026-06-01..2026-06-11 (1/3): 3.33
            2026-06-05 invoice: 3.34
              fee 2026-06-11..2026-06-21 (1/3): 3.34
            2026-06-15 invoice: 3.33
              fee 2026-06-21..2026-07-01 (1/3): 3.33
            2026-07-01 invoice: 10.00
              fee 2026-07-01..2026-08-01: 10.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task In_arrears_the_parts_of_a_month_that_ended_twice_and_went_on_cost_the_month(string storage)
    {
        await using var life = await TermAsync(storage, "2026-06-11", Offer.Fee("fee", 10).Having(terms => terms with { Timing = BillingTiming.InArrears }));
        await ChangeOnAsync(life, "2026-06-11", new Reactivate { EndAt = Day.Of("2026-06-21") });
        await ChangeOnAsync(life, "2026-06-21", new Reactivate { EndAt = Day.Of("2027-06-01") });
        await life.GoToAsync("2026-08-01");
        await BillsAsync(life, """
            2026-06-11 invoice: 3.33
              fee 2026-06-01..2026-06-11 (1/3): 3.33
            2026-06-21 invoice: 3.34
              fee 2026-06-11..2026-06-21 (1/3): 3.34
            2026-07-01 invoice: 3.33
              fee 2026-06-21..2026-07-01 (1/3): 3.33
            2026-08-01 invoice: 10.00
              fee 2026-07-01..2026-08-01: 10.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Halves_of_an_odd_price_that_ends_and_goes_on_at_that_instant_cost_it_once(string storage)
    {
        // Half of 10.05 is 5.03 to the cent, and so the other half is 5.02.
        await using var life = await TermAsync(storage, "2026-06-16", Offer.Fee("fee", 10.05m));
        await ChangeOnAsync(life, "2026-06-16", new Reactivate());
        await life.GoToAsync("2026-06-30");
        await BillsAsync(life, """
            2026-06-01 invoice: 5.03
              fee 2026-06-01..2026-06-16 (1/2): 5.03
            2026-06-16 invoice: 5.02
              fee 2026-06-16..2026-07-01 (1/2): 5.02
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_given_back_is_charged_again_as_it_was_given_back(string storage)
    {
        // 5.03 of 10.05 is given back from June 16, of which 5.02 stay; whoever returns at that instant pays 5.03 again.
        await using var life = await TermAsync(storage, null, Offer.Fee("fee", 10.05m));
        await ChangeOnAsync(life, "2026-06-16", new Cancel { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-06-16", new Reactivate());
        await life.GoToAsync("2026-06-30");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Select(line => line.Amount.Amount).ShouldBe([10.05m, -5.03m, 5.03m]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_part_that_went_on_with_another_is_given_back_whole(string storage)
    {
        // The second third costs 3.34; who leaves before it begins has all of it back, and of the first 1.67 for its second half.
        await using var life = await TermAsync(storage, "2026-06-11", Offer.Fee("fee", 10));
        await ChangeOnAsync(life, "2026-06-05", new Renew(Day.Of("2026-06-21")));
        await ChangeOnAsync(life, "2026-06-06", new Cancel { When = ChangeWhen.Immediate });
        await BillsAsync(life, """
            2026-06-01 invoice: 3.33
              fee 2026-06-01..2026-06-11 (1/3): 3.33
            2026-06-05 invoice: 3.34
              fee 2026-06-11..2026-06-21 (1/3): 3.34
            2026-06-06 invoice: -5.01, due 0.00 (paid)
              fee: unused time 2026-06-06..2026-06-11 (1/6): -1.67
              fee: unused time 2026-06-11..2026-06-21 (1/3): -3.34
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_parts_of_seats_with_a_minimum_that_counts_sum_to_the_minimum(string storage)
    {
        // Two at 5.00 are brought to 20.00: up to 7, 14, 21 and 30 of 30 days seats cost 2.33, 4.67, 7.00 and 10.00, and the minimum is 4.67, 9.33, 14.00 and 20.00. Two at 5.01 keep to their bounds: 2.34 + 2.34 + 2.33 + 3.01.
        await using var life = await TermAsync(storage, "2026-06-08", Offer.Seats("few", 5, 2).Having(terms => terms with { MinimumAmount = 20 }), Offer.Seats("seat", 5.01m, 2).Having(terms => terms with { MinimumAmount = 10, MaximumAmount = 10.02m }));
        await ChangeOnAsync(life, "2026-06-05", new Renew(Day.Of("2026-06-15")));
        await ChangeOnAsync(life, "2026-06-06", new Renew(Day.Of("2026-06-22")));
        await ChangeOnAsync(life, "2026-06-07", new Renew(Day.Of("2027-06-01")));
        await life.GoToAsync("2026-06-30");
        var lines = (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).ToList();
        lines.Where(line => line.Description == "seat").Select(line => line.Amount.Amount).ShouldBe([2.34m, 2.34m, 2.33m, 3.01m]);
        lines.Count(line => line.Description.StartsWith("seat:", StringComparison.Ordinal)).ShouldBe(0);
        lines.Where(line => line.Description.StartsWith("few", StringComparison.Ordinal)).Select(line => line.Amount.Amount).ShouldBe([2.33m, 2.34m, 2.34m, 2.32m, 2.33m, 2.34m, 3.00m, 3.00m]);
        await BilledLives.ProveAsync(life);
    }

    private async Task<Scenario> TermAsync(string storage, string? end, params Offer[] offers)
    {
        var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", offers);
        await life.SubscribeAsync("acme", "pro", with => with with { EndAt = end is null ? null : Day.Of(end) });
        return life;
    }
}
