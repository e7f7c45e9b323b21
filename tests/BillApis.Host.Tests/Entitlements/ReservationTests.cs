namespace BillApis.Host.Tests;

public sealed class ReservationTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_quota_is_reserved_committed_and_released()
    {
        var (customer, feature) = await GrantedAsync(10);
        var first = (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, feature_id = feature, quantity = 6, ttl_seconds = 600 })).Ok(201);
        first.GetProperty("status").GetString().ShouldBe("open");
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, feature_id = feature, quantity = 5 })).ShouldFail(402, "LIM_001");
        (await LeftAsync(customer, feature)).ShouldBe((6m, 4m));
        (await _api.PostAsync($"/entitlements/reservations/{Seed.Id(first)}/commit", new { actual = "5.5" })).Ok().GetProperty("actual").GetDecimal().ShouldBe(5.5m);
        (await _api.PostAsync($"/entitlements/reservations/{Seed.Id(first)}/release")).ShouldFail(409, "CON_001");
        (await LeftAsync(customer, feature)).ShouldBe((5.5m, 4.5m));

        var second = Seed.Id((await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, feature_id = feature, quantity = 4.5 })).Ok(201));
        (await _api.PostAsync($"/entitlements/reservations/{second}/commit", new { actual = 5 })).ShouldFail(402, "LIM_001");
        (await _api.PostAsync($"/entitlements/reservations/{second}/release")).Ok().GetProperty("status").GetString().ShouldBe("released");
        (await _api.GetAsync($"/entitlements/reservations/{second}")).Ok().GetProperty("status").GetString().ShouldBe("released");
        (await LeftAsync(customer, feature)).ShouldBe((5.5m, 4.5m));
        var third = Seed.Id((await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, feature_id = feature, quantity = 4.5 })).Ok(201));
        (await _api.PostAsync($"/entitlements/reservations/{third}/commit")).Ok().GetProperty("actual").GetDecimal().ShouldBe(4.5m);
        (await LeftAsync(customer, feature)).ShouldBe((10m, 0m));
    }

    [Fact]
    public async Task An_amount_is_held_to_the_spend_limit()
    {
        var customer = (await _seed.CustomerAsync()).GetProperty("external_id").GetString();
        (await _api.PostAsync("/spend-control/limits", new { customer_id = customer, monthly_limit = 10, action_on_exceed = "block" })).Ok(201);
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, amount = 7 })).Ok(201).GetProperty("subject").GetString().ShouldBe("spend/USD");
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, amount = "3.01" })).ShouldFail(402, "LIM_001");
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, amount = 3 })).Ok(201);
    }

    [Fact]
    public async Task An_amount_for_a_subscription_is_held_to_both_its_limits()
    {
        var customer = (await _seed.CustomerAsync()).GetProperty("external_id").GetString()!;
        var (first, second) = (await SubscribedAsync(customer), await SubscribedAsync(customer));
        (await _api.PostAsync("/spend-control/limits", new { customer_id = customer, monthly_limit = 10, action_on_exceed = "block" })).Ok(201);
        (await _api.PostAsync("/spend-control/limits", new { customer_id = customer, subscription_id = first, monthly_limit = 4, action_on_exceed = "suspend" })).Ok(201);
        var held = (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, subscription_id = first, amount = "3.50" })).Ok(201);
        held.GetProperty("subscription_id").GetString().ShouldBe(first);
        var denied = await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, subscription_id = first, amount = "0.51" });
        denied.ShouldFail(402, "LIM_001");
        denied.Message.ShouldContain("limit of 4 has no room for it; 3.5 is");
        denied.Fields.ShouldBe(["limit", "used", "remaining", "resets_at"]);
        denied.Envelope.GetProperty("error").GetProperty("details").EnumerateArray().Take(3).Select(detail => detail.GetProperty("msg").GetString()).ShouldBe(["4", "3.5", "0.5"]);
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, subscription_id = second, amount = 5 })).Ok(201);
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, subscription_id = second, amount = "1.51" })).ShouldFail(402, "LIM_001");
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, amount = "1.51" })).ShouldFail(402, "LIM_001");
        (await _api.PostAsync($"/entitlements/reservations/{Seed.Id(held)}/commit", new { actual = "2.25" })).Ok();
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, subscription_id = first, amount = "1.76" })).ShouldFail(402, "LIM_001");
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, subscription_id = first, amount = "1.75" })).Ok(201);
        var stranger = (await _seed.CustomerAsync()).GetProperty("external_id").GetString()!;
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = stranger, subscription_id = first, amount = 1 })).ShouldFail(404, "RES_001");
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, subscription_id = first, feature_id = "calls" })).ShouldFail(400, "VAL_001", "subscription_id");
    }

    [Fact]
    public async Task What_cannot_be_reserved_is_named()
    {
        var (customer, feature) = await GrantedAsync(10);
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer })).ShouldFail(400, "VAL_001", "feature_id");
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, feature_id = feature, ttl_seconds = 0 })).ShouldFail(400, "VAL_001", "ttl_seconds");
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, feature_id = "nothing" })).ShouldFail(404, "RES_001");
        (await _api.PostAsync("/entitlements/reservations/rsv_nothing/commit", new { actual = 1 })).ShouldFail(404, "RES_001");
        var other = (await _api.PostAsync("/features", new { code = Seed.Name("feature"), name = "Not granted" })).Ok(201).GetProperty("code").GetString();
        (await _api.PostAsync("/entitlements/reservations", new { customer_id = customer, feature_id = other })).ShouldFail(402, "LIM_001");
    }

    private async Task<(string Customer, string Feature)> GrantedAsync(int limit)
    {
        var customer = (await _seed.CustomerAsync()).GetProperty("external_id").GetString()!;
        var feature = (await _api.PostAsync("/features", new { code = Seed.Name("feature"), name = "Feature" })).Ok(201).GetProperty("code").GetString()!;
        (await _api.PostAsync("/entitlements/overrides", new { customer_id = customer, feature_id = feature, type = "metered", limit })).Ok(201);
        return (customer, feature);
    }

    private async Task<string> SubscribedAsync(string customer) =>
        Seed.Id(await _seed.SubscriptionAsync(customer, Seed.Id(await _seed.PlanAsync()), await _seed.NowAsync()));

    private async Task<(decimal Used, decimal Remaining)> LeftAsync(string customer, string feature)
    {
        var check = (await _api.PostAsync("/entitlements/check", new { customer_id = customer, feature_id = feature })).Ok();
        return (check.GetProperty("used").GetDecimal(), check.GetProperty("remaining").GetDecimal());
    }
}
