namespace BillApis.Scenarios;

/// <summary>A minimum over groups of usage of which earlier bills had some: what is missing to it is no usage of any group.</summary>
public sealed class GroupedMinimumTests(Databases databases) : LifeTests(databases)
{
    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_missing_after_an_early_bill_is_the_rest_of_no_group(string storage)
    {
        // 100 calls in eu reach the threshold of 5.00 with 10.00; at the end of January 20.00 are missing to the 30.00.
        await using var life = await RunningAsync(storage, 0.1m, terms => terms with { MinimumAmount = 30 }, threshold: 5);
        await life.GoToAsync("2026-01-11");
        await life.UseAsync("acme", "call", 100, "2026-01-10", ("region", "eu"));
        await life.GoToAsync("2026-01-11");
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-11 invoice: 10.00
              calls (region: eu): usage so far × 100 2026-01-01..2026-02-01: 10.00
            2026-02-01 invoice: 20.00
              calls: rest of the usage × 0 2026-01-01..2026-02-01: 20.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_taken_off_above_a_maximum_after_an_early_bill_is_the_rest_of_no_group(string storage)
    {
        // 100 calls in eu cost 10.00 early, and 300 in us 30.00 more at the end, of which the 25.00 at most leave 15.00.
        await using var life = await RunningAsync(storage, 0.1m, terms => terms with { MaximumAmount = 25 }, threshold: 5);
        await life.GoToAsync("2026-01-11");
        await life.UseAsync("acme", "call", 100, "2026-01-10", ("region", "eu"));
        await life.GoToAsync("2026-01-11");
        await life.GoToAsync("2026-01-21");
        await life.UseAsync("acme", "call", 300, "2026-01-20", ("region", "us"));
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-11 invoice: 10.00
              calls (region: eu): usage so far × 100 2026-01-01..2026-02-01: 10.00
            2026-02-01 invoice: 15.00
              calls (region: us): rest of the usage × 300 2026-01-01..2026-02-01: 30.00
              calls: rest of the usage × 0 2026-01-01..2026-02-01: -15.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_minimum_of_groups_that_cost_nothing_yet_is_lessened_by_what_comes_late(string storage)
    {
        // 50 of 100 free calls in eu leave all of the 30.00 missing. 80 more there cost 3.00 by now, so that 27.00 are missing.
        await using var life = await RunningAsync(storage, 0.1m, terms => terms with { MinimumAmount = 30, IncludedQuantity = 100 }, threshold: null);
        await life.UseAsync("acme", "call", 50, "2026-01-10", ("region", "eu"));
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 80, "2026-01-20", ("region", "eu"));
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 30.00
              calls (region: eu) × 50 2026-01-01..2026-02-01: 0.00
              calls: minimum 2026-01-01..2026-02-01: 30.00
            2026-03-01 invoice: 30.00
              calls × 0 2026-02-01..2026-03-01: 0.00
              calls: minimum 2026-02-01..2026-03-01: 30.00
              calls (region: eu): adjustment × 80 2026-01-01..2026-02-01: 3.00
              calls: adjustment × 0 2026-01-01..2026-02-01: -3.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    private async Task<Scenario> RunningAsync(string storage, decimal price, Func<PriceTerms, PriceTerms> with, decimal? threshold)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(price)).Having(terms => with(terms with { GroupBy = ["region"] })));
        await life.SubscribeAsync("acme", "pro", asked => asked with { UsageThreshold = threshold is { } amount ? Money.Of(amount, Currency.Parse("USD")) : null });
        return life;
    }
}
