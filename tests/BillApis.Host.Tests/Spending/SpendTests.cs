using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class SpendTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task Spend_moves_with_usage_through_the_tiers_and_each_threshold_is_told_once()
    {
        var (customer, type, subscription) = await SubscribeAsync();
        var limit = (await _api.PostAsync("/spend-control/limits", new { customer_id = customer, monthly_limit = 10, alert_thresholds = new[] { 50, 80, 95 }, action_on_exceed = "notify" })).Ok(201);
        (await StatusAsync(customer)).ShouldBe((0m, 10m, 0m, "ok"));
        await UseAsync(customer, type, 6);
        (await AlertsAsync(limit)).ShouldBe([50m]);
        (await StatusAsync(customer)).ShouldBe((6m, 10m, 60m, "warning"));
        await UseAsync(customer, type, 3);
        await UseAsync(customer, type, 3);

        // Ten at 1.00 and two at 0.125.
        (await StatusAsync(customer)).ShouldBe((10.25m, 10m, 102.5m, "exceeded"));
        (await AlertsAsync(limit)).ShouldBe([50m, 80m, 95m, 100m]);
        (await _api.GetAsync($"/spend-control/status?customer_id={customer}&subscription_id={subscription}")).Ok().GetProperty("spent").GetDecimal().ShouldBe(10.25m);
        (await BalanceAsync(subscription)).ShouldBe((10.25m, 0m));
        (await BalanceAsync(Seed.Id((await _api.GetAsync($"/customers/{customer}")).Ok()))).ShouldBe((0m, 10.25m));
        (await _api.PatchAsync($"/spend-control/limits/{Seed.Id(limit)}", new { monthly_limit = 41 })).Ok().GetProperty("state").GetString().ShouldBe("ok");
        (await StatusAsync(customer)).ShouldBe((10.25m, 41m, 25m, "ok"));
        (await AlertsAsync(limit)).ShouldBe([50m, 80m, 95m, 100m]);
    }

    [Fact]
    public async Task A_limit_that_blocks_says_no_to_new_work_and_counts_what_comes_all_the_same()
    {
        var (customer, type, _) = await SubscribeAsync();
        var limit = Seed.Id((await _api.PostAsync("/spend-control/limits", new { customer_id = customer, monthly_limit = "5.00", action_on_exceed = "block" })).Ok(201));
        (await CheckAsync(customer, type)).ShouldBe((true, null));
        await UseAsync(customer, type, 5);
        (await CheckAsync(customer, type)).ShouldBe((false, "spend_limit"));
        await UseAsync(customer, type, 1);
        (await StatusAsync(customer)).ShouldBe((6m, 5m, 120m, "exceeded"));

        (await _api.PatchAsync($"/spend-control/limits/{limit}", new { monthly_limit = 7 })).Ok();
        (await CheckAsync(customer, type)).ShouldBe((true, null));
        await UseAsync(customer, type, 1);
        (await CheckAsync(customer, type)).ShouldBe((false, "spend_limit"));
        (await _api.PostAsync($"/spend-control/limits/{limit}/reset")).Ok().GetProperty("spent").GetDecimal().ShouldBe(0);
        (await CheckAsync(customer, type)).ShouldBe((true, null));
        (await StatusAsync(customer)).ShouldBe((7m, 7m, 0m, "ok"));
        await UseAsync(customer, type, 100);
        (await CheckAsync(customer, type)).ShouldBe((false, "spend_limit"));
        (await _api.DeleteAsync($"/spend-control/limits/{limit}")).Ok();
        (await CheckAsync(customer, type)).ShouldBe((true, null));
        (await _api.GetAsync($"/spend-control/limits/{limit}")).ShouldFail(404, "RES_001");
        (await _api.GetAsync($"/spend-control/limits?customer_id={customer}")).Ok().GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Spend_of_a_request_with_a_key_has_moved_once_it_is_answered()
    {
        var (customer, type, _) = await SubscribeAsync();
        var limit = (await _api.PostAsync("/spend-control/limits", new { customer_id = customer, monthly_limit = 4, alert_thresholds = new[] { 50 }, action_on_exceed = "block" })).Ok(201);
        var (id, key) = (Seed.Name("event"), Seed.Name("key"));
        for (var repeat = 0; repeat < 2; repeat++)
        {
            (await _api.PostOnceAsync("/usage/events", new { id, type, customer_id = customer, properties = new { tokens = 3 } }, key)).Ok(202);
            (await AlertsAsync(limit)).ShouldBe([50m]);
        }

        (await StatusAsync(customer)).ShouldBe((3m, 4m, 75m, "warning"));
    }

    [Fact]
    public async Task A_limit_that_suspends_stops_its_subscriptions_until_it_is_raised()
    {
        var (customer, type, subscription) = await SubscribeAsync();
        async Task<string> StatusOfAsync() => (await _api.GetAsync($"/subscriptions/{subscription}")).Ok().GetProperty("status").GetString()!;
        var limit = Seed.Id((await _api.PostAsync("/spend-control/limits", new { customer_id = customer, monthly_limit = 3, action_on_exceed = "suspend" })).Ok(201));
        await UseAsync(customer, type, 2);
        (await StatusOfAsync()).ShouldBe("active");
        await UseAsync(customer, type, 1);
        (await StatusOfAsync()).ShouldBe("suspended");
        (await CheckAsync(customer, type)).Allowed.ShouldBeFalse();
        await UseAsync(customer, type, 1);
        (await _api.PatchAsync($"/spend-control/limits/{limit}", new { monthly_limit = 5 })).Ok();
        (await StatusOfAsync()).ShouldBe("active");
        (await CheckAsync(customer, type)).Allowed.ShouldBeTrue();
        await UseAsync(customer, type, 1);
        (await StatusOfAsync()).ShouldBe("suspended");
        (await _api.PostAsync($"/spend-control/limits/{limit}/reset")).Ok();
        (await StatusOfAsync()).ShouldBe("active");
    }

    [Fact]
    public async Task A_month_starts_anew_and_is_forecast_by_the_shape_of_the_one_before()
    {
        var now = await _seed.NowAsync();
        var first = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, default).AddMonths(2);
        await _seed.MoveAsync(first);
        var (customer, type, _) = await SubscribeAsync();
        (await _api.PostAsync("/spend-control/limits", new { customer_id = customer, monthly_limit = 8, action_on_exceed = "block" })).Ok(201);

        // A quarter of the first month's spend comes in its first half.
        await UseAsync(customer, type, 2);
        var half = (first.AddMonths(1) - first) / 2;
        await _seed.MoveAsync(first + half);
        (await ProjectedAsync(customer)).ShouldBe(4m);
        await UseAsync(customer, type, 6);
        (await CheckAsync(customer, type)).Allowed.ShouldBeFalse();

        var second = first.AddMonths(1);
        await _seed.MoveAsync(second.AddMinutes(1));
        (await CheckAsync(customer, type)).ShouldBe((true, null));
        (await _api.GetAsync($"/spend-control/limits?customer_id={customer}")).Ok()[0].GetProperty("state").GetString().ShouldBe("ok");
        (await StatusAsync(customer)).ShouldBe((0m, 8m, 0m, "ok"));
        await _seed.MoveAsync(second + (second.AddMonths(1) - second) / 2);
        await UseAsync(customer, type, 3);
        (await StatusAsync(customer)).Spent.ShouldBe(3m);
        (await ProjectedAsync(customer)).ShouldBe(12m);
    }

    [Theory]
    [InlineData("""{"monthly_limit":10}""", "customer_id")]
    [InlineData("""{"customer_id":"?"}""", "monthly_limit")]
    [InlineData("""{"customer_id":"?","monthly_limit":0}""", "monthly_limit")]
    [InlineData("""{"customer_id":"?","monthly_limit":1.005}""", "monthly_limit")]
    [InlineData("""{"customer_id":"?","monthly_limit":10,"alert_thresholds":[80,50]}""", "alert_thresholds[1]")]
    [InlineData("""{"customer_id":"?","monthly_limit":10,"alert_thresholds":[0]}""", "alert_thresholds[0]")]
    [InlineData("""{"customer_id":"?","monthly_limit":10,"action_on_exceed":"explode"}""", "action_on_exceed")]
    public async Task A_wrong_field_of_a_limit_is_named(string body, string field) =>
        (await _api.PostAsync("/spend-control/limits", body.Replace("?", Seed.Id(await _seed.CustomerAsync()), StringComparison.Ordinal))).ShouldFail(400, "VAL_001", field);

    [Fact]
    public async Task A_limit_is_of_a_subscription_of_its_customer()
    {
        var (customer, type, subscription) = await SubscribeAsync();
        var other = Seed.Id(await _seed.CustomerAsync());
        (await _api.PostAsync("/spend-control/limits", new { customer_id = other, subscription_id = subscription, monthly_limit = 10 })).ShouldFail(400, "VAL_001", "subscription_id");
        var limit = Seed.Id((await _api.PostAsync("/spend-control/limits", new { customer_id = customer, subscription_id = subscription, monthly_limit = 10, alert_thresholds = new[] { 10 } })).Ok(201));
        await UseAsync(customer, type, 1);
        (await _api.GetAsync($"/spend-control/limits/{limit}")).Ok().GetProperty("alerts").GetArrayLength().ShouldBe(1);
        (await _api.GetAsync($"/spend-control/status?customer_id={other}")).Ok().GetProperty("limit").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    // Ten units at 1.00, every further one at 0.125; a feature of the same name as the event.
    private async Task<(string Customer, string Event, string Subscription)> SubscribeAsync()
    {
        var type = Seed.Name("call");
        var metric = Seed.Id(await _seed.MetricAsync(type));
        (await _api.PostAsync("/features", new { code = type, name = "Calls", metric_id = metric })).Ok(201);
        var tiers = new object[] { new { up_to = 10, unit_amount = 1 }, new { up_to = (int?)null, unit_amount = "0.125" } };
        var usage = new { price = new { currency = "USD", model = "graduated", metric_id = metric, tiers, interval = "month", timing = "in_arrears", minimum_amount = 3 } };
        var entitlements = new[] { new { feature_id = type, type = "metered" } };
        var plan = Seed.Id((await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Pro", items = new[] { usage }, entitlements })).Ok(201));
        (await _api.PostAsync($"/plans/{plan}/publish")).Ok();
        var customer = (await _seed.CustomerAsync()).GetProperty("external_id").GetString()!;
        return (customer, type, Seed.Id(await _seed.SubscriptionAsync(customer, plan, await _seed.NowAsync())));
    }

    private async Task UseAsync(string customer, string type, int tokens) =>
        (await _api.PostAsync("/usage/events", new { id = Seed.Name("event"), type, customer_id = customer, properties = new { tokens } })).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(1);

    private async Task<(decimal Spent, decimal Limit, decimal Percent, string State)> StatusAsync(string customer)
    {
        var status = (await _api.GetAsync($"/spend-control/status?customer_id={customer}")).Ok();
        return (status.GetProperty("spent").GetDecimal(), status.GetProperty("limit").GetDecimal(), status.GetProperty("percent").GetDecimal(), status.GetProperty("state").GetString()!);
    }

    private async Task<decimal> ProjectedAsync(string customer) => (await _api.GetAsync($"/spend-control/status?customer_id={customer}")).Ok().GetProperty("projected").GetDecimal();

    private async Task<IEnumerable<decimal>> AlertsAsync(JsonElement limit) =>
        (await _api.GetAsync($"/spend-control/limits/{Seed.Id(limit)}")).Ok().GetProperty("alerts").EnumerateArray().Select(alert => alert.GetProperty("threshold").GetDecimal());

    private async Task<(bool Allowed, string? Reason)> CheckAsync(string customer, string feature)
    {
        var check = (await _api.PostAsync("/entitlements/check", new { customer_id = customer, feature_id = feature })).Ok();
        return (check.GetProperty("allowed").GetBoolean(), check.GetProperty("reason").GetString());
    }

    private async Task<(decimal Debits, decimal Credits)> BalanceAsync(string owner)
    {
        var account = (await _api.GetAsync("/ledger/accounts?kind=spend&limit=500")).Ok().EnumerateArray().Single(item => item.GetProperty("code").GetString() == $"spend/USD/8/{owner}");
        return (account.GetProperty("debits").GetDecimal(), account.GetProperty("credits").GetDecimal());
    }
}
