using BillApis.AspNetCore;

namespace BillApis.Host.Tests;

/// <summary>Numbers that are within bounds each, and come to more than can be kept: a refusal that says so, while arithmetic of ours that fails is a failure of ours.</summary>
public sealed class TooMuchTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public void Arithmetic_that_nobody_foresaw_is_no_fault_of_the_caller() => Failure.Of(new OverflowException()).ShouldBe(Failure.Internal);

    [Fact]
    public async Task A_fee_that_no_bill_can_hold_is_told_wherever_it_would_be_billed()
    {
        // 999,999,999,999,999.00 a hundred times are more than 2^63 cents.
        var code = Seed.Name("fee");
        Seed.Id((await _api.PostAsync("/prices", new { code, currency = "USD", model = "per_unit", unit_amount = "999999999999999", timing = "in_advance", interval = "month" })).Ok(201));
        (await _api.PostAsync("/plans", new { code, name = code, items = new[] { new { price_id = code, quantity = 100 } } })).Ok(201);
        (await _api.PostAsync($"/plans/{code}/publish")).Ok();
        var customer = Seed.Id(await _seed.CustomerAsync());
        var subscription = Seed.Id((await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = code, start_at = await _seed.NowAsync() })).Ok(201));

        var upcoming = await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice");
        upcoming.ShouldFail(409, "CON_001");
        upcoming.Message.ShouldStartWith("The invoice comes to more than can be kept exactly");
        (await _api.PostAsync("/admin/simulation/invoice", new { plan_id = code, period_start = "2026-01-01T00:00:00Z", period_end = "2026-02-01T00:00:00Z", simulated_events = Array.Empty<object>() })).ShouldFail(400, "VAL_001", "simulated_events");
        var run = (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = await _seed.NowAsync(), customer_id = customer })).Ok(202);
        run.GetProperty("status").GetString().ShouldBe("completed_with_failures");
    }

    [Fact]
    public async Task Usage_that_no_amount_can_hold_is_told_with_its_price()
    {
        var (code, customer) = (Seed.Name("usage"), Seed.Id(await _seed.CustomerAsync()));
        (await _api.PostAsync("/metrics", new { code, name = code, event_type = code, aggregation = "sum", property = "n" })).Ok(201);
        (await _api.PostAsync("/prices", new { code, metric_id = code, currency = "USD", model = "per_unit", unit_amount = "999999999999", interval = "month" })).Ok(201);
        (await _api.PostAsync("/plans", new { code, name = code, items = new[] { new { price_id = code } } })).Ok(201);
        (await _api.PostAsync($"/plans/{code}/publish")).Ok();
        var now = await _seed.NowAsync();
        var subscription = Seed.Id((await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = code, start_at = now })).Ok(201));
        (await _api.PostAsync("/usage/events", new { id = code, type = code, customer_id = customer, timestamp = now, properties = new { n = 999_999_999_999 } })).Ok(202);
        var used = await _api.GetAsync($"/subscriptions/{subscription}/usage");
        used.ShouldFail(409, "CON_001");
        used.Message.ShouldContain(code);
        (await _api.GetAsync($"/spend-control/status?customer_id={customer}")).Status.ShouldBeLessThan(500);
    }
}
