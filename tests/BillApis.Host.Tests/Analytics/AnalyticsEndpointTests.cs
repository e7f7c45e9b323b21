using System.Text.Json;

namespace BillApis.Host.Tests.Analytics;

public sealed class AnalyticsEndpointTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task Usage_is_told_by_day_and_customer_against_the_month_before()
    {
        var type = Seed.Name("analysed");
        var metric = (await _seed.MetricAsync(type)).GetProperty("code").GetString();
        var (large, small) = (await _seed.CustomerAsync(), await _seed.CustomerAsync());
        await SendAsync(type, large, ("2025-10-05T10:00:00Z", 4), ("2025-11-02T10:00:00Z", 6), ("2025-11-02T23:59:59Z", 3));
        await SendAsync(type, small, ("2025-11-30T00:00:00Z", 0.5m));

        var answer = (await _api.GetAsync($"/analytics/usage?metric_id={metric}&from=2025-11-01T00:00:00Z&to=2025-12-01T00:00:00Z&interval=day&group_by=customer_id&top=1&anomalies=true")).Ok();
        answer.GetProperty("period").GetProperty("start").GetString().ShouldBe("2025-11-01T00:00:00Z");
        var usage = answer.GetProperty("metrics")[0];
        usage.GetProperty("code").GetString().ShouldBe(metric);
        usage.GetProperty("value").GetRawText().ShouldBe("9.5");
        usage.GetProperty("events").GetInt64().ShouldBe(3);
        usage.GetProperty("previous_period").GetProperty("start").GetString().ShouldBe("2025-10-01T00:00:00Z");
        usage.GetProperty("previous_value").GetRawText().ShouldBe("4");
        usage.GetProperty("change").GetRawText().ShouldBe("5.5");
        usage.GetProperty("change_percent").GetRawText().ShouldBe("137.5");
        usage.GetProperty("anomalies").GetArrayLength().ShouldBe(0);
        var series = usage.GetProperty("series").EnumerateArray().ToList();
        series.Count.ShouldBe(30);
        series.Select((day, i) => (Day: i + 1, Value: day.GetProperty("value").GetDecimal())).Where(day => day.Value != 0).ShouldBe([(2, 9), (30, 0.5m)]);
        var group = usage.GetProperty("groups").EnumerateArray().ToList().ShouldHaveSingleItem();
        (group.GetProperty("customer_id").GetString(), group.GetProperty("value").GetDecimal()).ShouldBe((Seed.Id(large), 9));
        group.GetProperty("series").GetArrayLength().ShouldBe(30);

        (await _api.GetAsync($"/analytics/usage?customer_id={Seed.Id(small)}")).Ok().GetProperty("metrics").EnumerateArray().Select(item => item.GetProperty("code").GetString()).ShouldContain(metric);
    }

    [Fact]
    public async Task Three_centuries_are_an_interval_and_nothing_beyond_them_is()
    {
        var type = Seed.Name("ever");
        var metric = (await _seed.MetricAsync(type)).GetProperty("code").GetString();
        await SendAsync(type, await _seed.CustomerAsync(), ("2025-10-05T10:00:00Z", 4), ("2025-11-02T10:00:00Z", 6));
        (await _api.GetAsync($"/analytics/usage?metric_id={metric}&from=1900-01-01T00:00:00Z&to=2200-01-01T00:00:00Z&interval=month")).Ok().GetProperty("metrics")[0].GetProperty("value").GetDecimal().ShouldBe(10);
        foreach (var path in new[] { "/analytics/usage?", $"/usage/summary?metric_id={metric}&customer_id=nobody&window=month&", "/ledger/revenue-schedule?" })
        {
            (await _api.GetAsync($"{path}from=0001-01-01T00:00:00Z&to=2026-01-01T00:00:00Z")).ShouldFail(400, "VAL_001", "from");
            (await _api.GetAsync($"{path}from=9999-12-01T00:00:00Z&to=9999-12-31T23:59:59Z")).ShouldFail(400, "VAL_001", "to");
        }

        (await _api.PostAsync("/admin/simulation/backtest", new { plan_id = "nothing", from = "2026-01-01T00:00:00Z", to = "9999-12-31T23:59:59Z" })).ShouldFail(400, "VAL_001", "to");
    }

    [Fact]
    public async Task A_question_that_makes_no_sense_is_refused()
    {
        (await _api.GetAsync("/analytics/usage?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")).ShouldFail(400, "VAL_001", "to");
        (await _api.GetAsync("/analytics/usage?interval=week")).ShouldFail(400, "VAL_001", "interval");
        (await _api.GetAsync("/analytics/usage?top=0")).ShouldFail(400, "VAL_001", "top");
        (await _api.GetAsync("/analytics/usage?metric_id=nothing")).ShouldFail(404, "RES_001");
        (await host.Nobody.GetAsync("/analytics/usage")).ShouldFail(401, "AUTH_001");
    }

    private async Task SendAsync(string type, JsonElement customer, params (string At, decimal Tokens)[] uses)
    {
        var events = uses.Select(use => new { id = Seed.Name("use"), type, customer_id = Seed.Id(customer), timestamp = use.At, properties = new { tokens = use.Tokens } });
        (await _api.PostAsync("/usage/events", new { events })).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(uses.Length);
    }
}
