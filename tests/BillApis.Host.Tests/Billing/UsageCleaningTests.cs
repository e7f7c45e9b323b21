namespace BillApis.Host.Tests;

/// <summary>What a metric says about its events: rules, conversions and how old they may be.</summary>
public sealed class UsageCleaningTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_metric_cleans_what_it_counts_and_names_what_it_refuses()
    {
        var (customer, type, code) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("cleaned.used"), Seed.Name("cleaned"));
        var rules = new object[] { new { property = "bytes", min = 0, max = "5000000000", divide_by = 1_000_000_000 }, new { property = "region", @default = "eu" }, new { property = "user", required = true } };
        var metric = (await _api.PostAsync("/metrics", new
        {
            code, name = "Traffic", event_type = type, aggregation = "sum", property = "bytes", group_by = new[] { "region" }, rules, max_age_seconds = 86_400, max_ahead_seconds = 3_600,
        })).Ok(201);
        metric.GetProperty("rules")[0].GetProperty("divide_by").GetRawText().ShouldBe("1000000000");
        metric.GetProperty("max_age_seconds").GetInt64().ShouldBe(86_400);
        var now = await _seed.NowAsync();
        var answer = await _api.PostAsync("/usage/events", new
        {
            events = new object[]
            {
                new { id = $"{type}-1", type, customer_id = customer, timestamp = now, properties = new { bytes = 1_500_000_000, user = "u" } },
                new { id = $"{type}-2", type, customer_id = customer, timestamp = now, properties = new { bytes = 6_000_000_000, user = "u" } },
                new { id = $"{type}-3", type, customer_id = customer, timestamp = now, properties = new { bytes = 1 } },
                new { id = $"{type}-4", type, customer_id = customer, timestamp = now.AddSeconds(-86_401), properties = new { bytes = 1, user = "u" } },
                new { id = $"{type}-5", type, customer_id = customer, timestamp = now.AddSeconds(3_601), properties = new { bytes = 1, user = "u" } },
                new { id = $"{type}-6", type, customer_id = customer, timestamp = now, properties = new { bytes = 250_000_000, user = "u", region = "us" } },
            },
        });
        answer.Ok(202).GetProperty("accepted").GetInt32().ShouldBe(2);
        answer.Payload.GetProperty("rejected").EnumerateArray().Select(item => $"{item.GetProperty("index")} {item.GetProperty("code")} {item.GetProperty("field")}")
            .ShouldBe(["1 VAL_001 properties.bytes", "2 VAL_001 properties.user", "3 VAL_001 timestamp", "4 VAL_001 timestamp"]);
        var day = $"from={now.AddHours(-1):yyyy-MM-ddTHH:mm:ssZ}&to={now.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}";
        var groups = (await _api.GetAsync($"/usage/summary?customer_id={customer}&metric_id={code}&{day}&group_by=region")).Ok();
        groups.EnumerateArray().Select(row => $"{row.GetProperty("group").GetProperty("region")} {row.GetProperty("value").GetRawText()}").ShouldBe(["eu 1.5", "us 0.25"], ignoreOrder: true);
        (await _api.GetAsync($"/usage/events?type={type}&customer_id={customer}")).Ok().EnumerateArray().Select(item => item.GetProperty("properties").GetProperty("bytes").GetInt64()).ShouldBe([1_500_000_000, 250_000_000], ignoreOrder: true);

        (await _api.PatchAsync($"/metrics/{code}", new { max_age_seconds = 60 })).Ok();
        (await _api.PatchAsync($"/metrics/{code}", new { rules = new object[] { new { property = "bytes", divide_by = 1000 } } })).ShouldFail(409, "CON_001");
        (await _api.PostAsync("/metrics", new { code = Seed.Name("bad"), name = "x", event_type = "x", aggregation = "count", rules = new object[] { new { property = "a", min = 2, max = 1 } } })).ShouldFail(400, "VAL_001", "rules[0].max");
    }
}
