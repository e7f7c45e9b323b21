namespace BillApis.Host.Tests;

/// <summary>Levels over time in a period that began late, as the usage of a subscription and its upcoming invoice tell them.</summary>
public sealed class LevelUsageTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_level_that_is_there_from_the_start_of_a_stub_weighs_the_stubs_part_of_the_month()
    {
        var now = await _seed.NowAsync();
        if (now.Day == 1)
        {
            await _seed.MoveAsync(now = now.AddDays(1));
        }

        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("stored"));
        var metric = Seed.Id((await _api.PostAsync("/metrics", new { code = Seed.Name("gb"), name = "GB", event_type = type, aggregation = "weighted_sum", property = "gb", recurring = true })).Ok(201));
        var price = new { currency = "USD", model = "per_unit", unit_amount = 1, metric_id = metric, interval = "month", timing = "in_arrears" };
        var plan = Seed.Id((await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Storage", items = new[] { new { price } } })).Ok(201));
        (await _api.PostAsync($"/plans/{plan}/publish")).Ok();
        var subscription = Seed.Id((await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, start_at = now, anchor = "calendar" })).Ok(201));
        var month = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var (whole, stub) = ((month.AddMonths(1) - month).Ticks / TimeSpan.TicksPerSecond, (month.AddMonths(1) - now).Ticks / TimeSpan.TicksPerSecond);

        // As many GB as the month has seconds: each second of the stub weighs one.
        (await _api.PostAsync("/usage/events", new { id = Seed.Name("all"), type, customer_id = customer, timestamp = now, properties = new { gb = whole } })).Ok(202);

        (await _api.GetAsync($"/subscriptions/{subscription}/usage")).Ok().GetProperty("metrics")[0].GetProperty("quantity").GetDecimal().ShouldBe(stub);
        (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok().GetProperty("total").GetDecimal().ShouldBe(stub);
    }
}
