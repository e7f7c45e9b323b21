namespace BillApis.Host.Tests;

public sealed class BacktestTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task Past_usage_is_rated_under_another_plan()
    {
        // A month with a fee of 20 in advance and 3000 tokens: the first 1000 free, then 0.002. Under the other plan each token costs 0.01, with a fee of 5.
        var (name, start) = (Seed.Name("backtest"), await _seed.NowAsync());
        var metric = Seed.Id(await _seed.MetricAsync(name));
        var (busy, idle, foreign) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.CustomerAsync("EUR")));
        var plan = Seed.Id(await _seed.PlanAsync(metric));
        await _seed.SubscriptionAsync(busy, plan, start);
        await _seed.SubscriptionAsync(idle, plan, start);
        (await _api.PostAsync("/usage/events", new { id = name, type = name, customer_id = busy, timestamp = start.AddDays(3), properties = new { tokens = 3000 } })).Ok(202);
        await _seed.MoveAsync(start.AddMonths(1));
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = start.AddMonths(1), customer_id = busy })).Ok(202);
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = start.AddMonths(1), customer_id = idle })).Ok(202);
        var fee = new { price = new { currency = "USD", model = "flat", amount = 5, interval = "month", timing = "in_advance" } };
        var usage = new { price = new { currency = "USD", model = "per_unit", metric_id = metric, unit_amount = "0.01", interval = "month", timing = "in_arrears" } };
        var other = Seed.Id((await _api.PostAsync("/plans", new { code = name, name, items = new object[] { fee, usage } })).Ok(201));

        var sent = new { plan_id = name, from = start, to = start.AddMonths(1), customers = new[] { busy, idle, foreign } };
        var answer = (await _api.PostAsync("/admin/simulation/backtest", sent)).Ok();
        answer.GetProperty("plan_id").GetString().ShouldBe(other);
        answer.GetProperty("customers").GetRawText().ShouldBe(
            $$"""[{"customer_id":"{{busy}}","before":24,"after":35,"difference":11},{"customer_id":"{{idle}}","before":20,"after":5,"difference":-15}]""");
        (answer.GetProperty("before").GetRawText(), answer.GetProperty("after").GetRawText(), answer.GetProperty("difference").GetRawText()).ShouldBe(("44", "40", "-4"));
        answer.GetProperty("failures").EnumerateArray().Select(failure => failure.GetProperty("customer_id").GetString()).ShouldBe([foreign]);

        // Whoever is named twice, by id and by external id, counts once.
        var external = (await _api.GetAsync($"/customers/{busy}")).Ok().GetProperty("external_id").GetString()!;
        (await _api.PostAsync("/admin/simulation/backtest", new { plan_id = name, from = start, to = start.AddMonths(1), customers = new[] { external, busy, idle, external } })).Ok()
            .GetProperty("customers").EnumerateArray().Select(row => row.GetProperty("customer_id").GetString()).ShouldBe([busy, idle]);

        // With a commitment of 50 a month, 15 are missing of the 50 of the one and 45 of those of the other.
        (await _api.PostAsync("/plans", new { code = name + "-least", name, items = new object[] { fee, usage }, minimum_commitment = new { amount = 50, interval = "month" } })).Ok(201);
        (await _api.PostAsync("/admin/simulation/backtest", new { plan_id = name + "-least", from = start, to = start.AddMonths(1), customers = new[] { busy, idle } })).Ok()
            .GetProperty("customers").EnumerateArray().Select(row => row.GetProperty("after").GetRawText()).ShouldBe(["50", "50"]);

        // All customers: those of the other tests among them.
        var all = (await _api.PostAsync("/admin/simulation/backtest", new { plan_id = name, from = start, to = start.AddMonths(1) })).Ok().GetProperty("customers").EnumerateArray().ToList();
        all.Single(row => row.GetProperty("customer_id").GetString() == busy).GetProperty("after").GetRawText().ShouldBe("35");
        all.Count.ShouldBeGreaterThan(1);

        (await _api.PostAsync("/admin/simulation/backtest", new { plan_id = name, from = start, to = start })).ShouldFail(400, "VAL_001", "to");
        (await _api.PostAsync("/admin/simulation/backtest", new { plan_id = "nothing", from = start, to = start.AddDays(1) })).ShouldFail(404, "RES_001");
        (await _api.PostAsync("/admin/simulation/backtest", new { plan_id = name, from = start, to = start.AddDays(1), customers = new[] { "nobody" } })).ShouldFail(404, "RES_001");
    }

    // A month's fee is 10^17 cents less a dollar, and an amount holds 9.2 × 10^18: 93 months are too many of one customer, and 60 of each of two together.
    [Fact]
    public async Task What_comes_to_more_than_an_amount_holds_is_named()
    {
        var (name, now) = (Seed.Name("vast"), await _seed.NowAsync());
        var (one, two) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.CustomerAsync()));
        var fee = new { price = new { currency = "USD", model = "flat", amount = 999_999_999_999_999, interval = "month", timing = "in_advance" } };
        (await _api.PostAsync("/plans", new { code = name, name, items = new object[] { fee } })).Ok(201);
        Task<Answer> RunAsync(int years, params string[] customers) => _api.PostAsync("/admin/simulation/backtest", new { plan_id = name, from = now.AddYears(-years), to = now, customers });

        var answer = (await RunAsync(9, one)).Ok();
        answer.GetProperty("failures").EnumerateArray().Select(failure => failure.GetProperty("customer_id").GetString()).ShouldBe([one]);
        (answer.GetProperty("customers").GetArrayLength(), answer.GetProperty("after").GetDecimal()).ShouldBe((0, 0m));
        (await RunAsync(5, one)).Ok().GetProperty("difference").GetDecimal().ShouldBe(60 * 999_999_999_999_999m);
        (await RunAsync(5, one, two)).ShouldFail(409, "CON_001");
    }

    [Fact]
    public async Task Who_subscribed_later_would_have_been_billed_from_then_on()
    {
        var start = await _seed.NowAsync();
        var (late, end) = (start.AddDays(10), start.AddMonths(1));
        var (younger, next) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.CustomerAsync()));
        await _seed.SubscriptionAsync(younger, Seed.Id(await _seed.PlanAsync()), late);
        await _seed.SubscriptionAsync(next, Seed.Id(await _seed.PlanAsync()), end);

        // A fee of 20 a month, for as much of the month that begins ten days after the start as is in the interval.
        var answer = (await _api.PostAsync("/admin/simulation/backtest", new { plan_id = Seed.Id(await _seed.PlanAsync()), from = start, to = end, customers = new[] { younger, next } })).Ok();

        var part = Math.Round(20m * (end - late).Ticks / (late.AddMonths(1) - late).Ticks, 2, MidpointRounding.AwayFromZero);
        answer.GetProperty("customers").EnumerateArray().Select(row => row.GetProperty("after").GetDecimal()).ShouldBe([part, 0m]);
    }
}
