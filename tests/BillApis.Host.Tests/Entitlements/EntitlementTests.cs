using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class EntitlementTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_plan_grants_switches_values_and_quotas()
    {
        var (sso, seats, tier, calls) = (await FeatureAsync(), await FeatureAsync(), await FeatureAsync(), await MeteredAsync());
        var customer = await SubscribeAsync(
            new { feature_id = sso, type = "boolean", value = true },
            new { feature_id = seats, type = "static", value = 5 },
            new { feature_id = tier, type = "static", value = "gold" },
            new { feature_id = calls.Code, type = "metered", limit = 10, reset = "month" });

        (await CheckAsync(customer, sso)).ShouldBe((true, null, null, null, null));
        (await CheckAsync(customer, seats, 5)).ShouldBe((true, 5m, null, null, null));
        (await CheckAsync(customer, seats, 6)).ShouldBe((false, 5m, null, null, "limit_reached"));
        (await CheckAsync(customer, calls.Code, 10)).ShouldBe((true, 10m, 0m, 10m, null));
        (await CheckAsync(customer, calls.Code, 10.5m)).ShouldBe((false, 10m, 0m, 10m, "limit_reached"));
        await UseAsync(customer, calls.Event, 7);
        (await CheckAsync(customer, calls.Code, 3)).ShouldBe((true, 10m, 7m, 3m, null));
        (await CheckAsync(customer, calls.Code, 4)).ShouldBe((false, 10m, 7m, 3m, "limit_reached"));

        var all = (await _api.GetAsync($"/entitlements?customer_id={customer}")).Ok().EnumerateArray().ToDictionary(item => item.GetProperty("feature_code").GetString()!);
        all.Count.ShouldBe(4);
        all[tier].GetProperty("value").GetString().ShouldBe("gold");
        all[sso].GetProperty("value").GetBoolean().ShouldBeTrue();
        all[calls.Code].GetProperty("remaining").GetDecimal().ShouldBe(3);
        all[calls.Code].GetProperty("sources")[0].GetProperty("origin").GetString().ShouldBe("plan");
        var now = await _seed.NowAsync();
        all[calls.Code].GetProperty("resets_at").GetDateTimeOffset().ShouldBe(new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, default).AddMonths(1));
        (await CheckAsync(customer, await FeatureAsync())).ShouldBe((false, null, null, null, "not_entitled"));
    }

    [Fact]
    public async Task A_window_opens_with_its_use()
    {
        var (calls, plain) = (await MeteredAsync(), await FeatureAsync());
        var customer = await SubscribeAsync(new { feature_id = calls.Code, type = "metered", limit = 5, reset = "hour", reset_count = 5, opens = "first_usage" });
        await StandsAsync(JsonValueKind.Null, 0);
        await UseAsync(customer, calls.Event, 2);
        var granted = await StandsAsync(JsonValueKind.String, 2);
        granted.GetProperty("resets_at").GetDateTimeOffset().ShouldBe((await _seed.NowAsync()).AddHours(5));
        (granted.GetProperty("reset").GetString(), granted.GetProperty("reset_count").GetInt32(), granted.GetProperty("opens").GetString()).ShouldBe(("hour", 5, "first_usage"));

        (await _api.PostAsync("/entitlements/overrides", new { customer_id = customer, feature_id = plain, type = "metered", limit = 5, reset = "hour", opens = "first_usage" })).ShouldFail(400, "VAL_001", "opens");

        async Task<JsonElement> StandsAsync(JsonValueKind resets, decimal used)
        {
            var item = (await _api.GetAsync($"/entitlements?customer_id={customer}")).Ok()[0];
            (item.GetProperty("resets_at").ValueKind, item.GetProperty("used").GetDecimal()).ShouldBe((resets, used));
            return item;
        }
    }

    [Fact]
    public async Task A_quota_begins_anew_with_its_window_and_may_be_exceeded_where_the_plan_says_so()
    {
        var (daily, open, forever) = (await MeteredAsync(), await MeteredAsync(), await MeteredAsync());
        var customer = await SubscribeAsync(
            new { feature_id = daily.Code, type = "metered", limit = 5, reset = "day" },
            new { feature_id = open.Code, type = "metered", limit = 5, reset = "period", overage = "allow" },
            new { feature_id = forever.Code, type = "metered", reset = "never" });
        foreach (var used in new[] { daily, open, forever })
        {
            await UseAsync(customer, used.Event, 5);
        }

        (await CheckAsync(customer, daily.Code)).ShouldBe((false, 5m, 5m, 0m, "limit_reached"));
        (await CheckAsync(customer, open.Code)).ShouldBe((true, 5m, 5m, 0m, "overage"));
        (await CheckAsync(customer, forever.Code, 1_000_000)).ShouldBe((true, null, 5m, null, null));
        var before = await _seed.NowAsync();
        await _seed.MoveAsync(before.AddDays(1));
        (await CheckAsync(customer, daily.Code, 5)).ShouldBe((true, 5m, 0m, 5m, null));
        (await CheckAsync(customer, open.Code)).ShouldBe((true, 5m, 5m, 0m, "overage"));
        var then = (await _api.GetAsync($"/entitlements?customer_id={customer}&at={before.AddMinutes(1):yyyy-MM-ddTHH:mm:ssZ}")).Ok().EnumerateArray();
        then.Single(item => item.GetProperty("feature_code").GetString() == daily.Code).GetProperty("used").GetDecimal().ShouldBe(5);
        await _seed.MoveAsync(before.AddMonths(1).AddDays(1));
        (await CheckAsync(customer, open.Code, 5)).ShouldBe((true, 5m, 0m, 5m, null));
        (await CheckAsync(customer, forever.Code)).ShouldBe((true, null, 5m, null, null));
    }

    [Fact]
    public async Task An_exception_stands_in_for_the_plan_until_it_ends()
    {
        var calls = await MeteredAsync();
        var customer = await SubscribeAsync(new { feature_id = calls.Code, type = "metered", limit = 10 });
        (await CheckAsync(customer, calls.Code, 11)).Allowed.ShouldBeFalse();
        var made = (await _api.PostAsync("/entitlements/overrides", new { customer_id = customer, feature_id = calls.Code, type = "metered", limit = "20.5", reason = "A trial of more" })).Ok(201);
        (await CheckAsync(customer, calls.Code, 11)).ShouldBe((true, 20.5m, 0m, 20.5m, null));
        (await _api.PostAsync("/entitlements/overrides", new { customer_id = customer, feature_id = calls.Code, type = "boolean", value = false })).Ok(201);
        (await CheckAsync(customer, calls.Code)).ShouldBe((false, null, null, null, "not_entitled"));

        var page = (await _api.GetAsync($"/entitlements/overrides?customer_id={customer}&feature_id={calls.Code}")).Ok().EnumerateArray().ToList();
        page.Select(item => item.GetProperty("type").GetString()).ShouldBe(["boolean", "metered"]);
        (await _api.DeleteAsync($"/entitlements/overrides/{Seed.Id(page[0])}")).Ok().GetProperty("ended_at").GetString().ShouldNotBeNull();
        (await CheckAsync(customer, calls.Code, 11)).Limit.ShouldBe(20.5m);
        (await _api.DeleteAsync($"/entitlements/overrides/{Seed.Id(made)}")).Ok();
        (await _api.DeleteAsync($"/entitlements/overrides/{Seed.Id(made)}")).ShouldFail(409, "CON_001");
        (await CheckAsync(customer, calls.Code, 11)).Limit.ShouldBe(10);
        (await _api.GetAsync($"/entitlements/overrides/{Seed.Id(made)}")).Ok().GetProperty("reason").GetString().ShouldBe("A trial of more");
    }

    [Fact]
    public async Task Features_are_kept_while_a_plan_grants_them()
    {
        var feature = await FeatureAsync();
        (await _api.PatchAsync($"/features/{feature}", new { name = "Other" })).Ok().GetProperty("name").GetString().ShouldBe("Other");
        (await _api.GetAsync($"/features/{feature}")).Ok().GetProperty("code").GetString().ShouldBe(feature);
        (await _api.GetAsync($"/features?code={feature}")).Ok().GetArrayLength().ShouldBe(1);
        var unused = await FeatureAsync();
        await SubscribeAsync(new { feature_id = feature, type = "boolean" });
        (await _api.DeleteAsync($"/features/{feature}")).ShouldFail(409, "CON_001");
        (await _api.DeleteAsync($"/features/{unused}")).Ok();
        (await _api.PostAsync("/features", new { code = feature, name = "Twice" })).ShouldFail(409, "CON_001");
    }

    [Theory]
    [InlineData("""{"type":"boolean","value":3}""", "value")]
    [InlineData("""{"type":"boolean","limit":3}""", "value")]
    [InlineData("""{"type":"static"}""", "value")]
    [InlineData("""{"type":"static","value":true}""", "value")]
    [InlineData("""{"type":"static","value":3,"reset":"day"}""", "reset")]
    [InlineData("""{"type":"metered","value":"many"}""", "value")]
    [InlineData("""{"type":"metered","limit":-1}""", "limit")]
    [InlineData("""{"type":"metered","reset":"sometimes"}""", "reset")]
    [InlineData("""{"type":"other"}""", "type")]
    public async Task A_wrong_field_of_an_entitlement_is_named(string terms, string field)
    {
        var feature = await FeatureAsync();
        var entitlement = terms.Insert(1, $"\"feature_id\":\"{feature}\",");
        var plan = $$"""{"code":"{{Seed.Name("plan")}}","name":"P","currency":"USD","items":[],"entitlements":[{{entitlement}}]}""";
        (await _api.PostAsync("/plans", plan)).ShouldFail(400, "VAL_001", $"entitlements[0].{field}");
    }

    [Fact]
    public async Task What_does_not_exist_is_named()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        (await _api.PostAsync("/entitlements/check", new { customer_id = customer, feature_id = "nothing" })).ShouldFail(404, "RES_001");
        (await _api.PostAsync("/entitlements/check", new { customer_id = "nobody", feature_id = await FeatureAsync() })).ShouldFail(404, "RES_001");
        (await _api.PostAsync("/entitlements/check", new { customer_id = customer, feature_id = await FeatureAsync(), quantity = -1 })).ShouldFail(400, "VAL_001", "quantity");
        (await _api.GetAsync("/entitlements")).ShouldFail(400, "VAL_001", "customer_id");
    }

    private async Task<string> FeatureAsync(string? metric = null) =>
        (await _api.PostAsync("/features", new { code = Seed.Name("feature"), name = "Feature", metric_id = metric })).Ok(201).GetProperty("code").GetString()!;

    private async Task<(string Code, string Event)> MeteredAsync()
    {
        var type = Seed.Name("call");
        return (await FeatureAsync(Seed.Id(await _seed.MetricAsync(type))), type);
    }

    private async Task<string> SubscribeAsync(params object[] entitlements)
    {
        var fee = new { price = new { currency = "USD", model = "flat", amount = 20, interval = "month", timing = "in_advance" } };
        var plan = Seed.Id((await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Pro", items = new[] { fee }, entitlements })).Ok(201));
        (await _api.PostAsync($"/plans/{plan}/publish")).Ok().GetProperty("entitlements").GetArrayLength().ShouldBe(entitlements.Length);
        var customer = (await _seed.CustomerAsync()).GetProperty("external_id").GetString()!;
        await _seed.SubscriptionAsync(customer, plan, await _seed.NowAsync());
        return customer;
    }

    private async Task UseAsync(string customer, string type, int tokens) =>
        (await _api.PostAsync("/usage/events", new { id = Seed.Name("event"), type, customer_id = customer, properties = new { tokens } })).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(1);

    private async Task<(bool Allowed, decimal? Limit, decimal? Used, decimal? Remaining, string? Reason)> CheckAsync(string customer, string feature, decimal quantity = 1)
    {
        var check = (await _api.PostAsync("/entitlements/check", new { customer_id = customer, feature_id = feature, quantity })).Ok();
        return (check.GetProperty("allowed").GetBoolean(), Number(check, "limit"), Number(check, "used"), Number(check, "remaining"), check.GetProperty("reason").GetString());
    }

    private static decimal? Number(JsonElement check, string field) => check.GetProperty(field) is { ValueKind: JsonValueKind.Number } number ? number.GetDecimal() : null;
}
