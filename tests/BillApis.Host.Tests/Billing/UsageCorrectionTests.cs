using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class UsageCorrectionTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task An_event_is_amended_and_voided_and_stays_on_record()
    {
        var (customer, metric, id) = await SetUpAsync();
        var amended = (await _api.PostAsync($"/usage/events/{id}/amend", new { reason = "counted twice", properties = new { tokens = 4 } })).Ok();
        amended.GetProperty("properties").GetRawText().ShouldBe("""{"tokens":10}""");
        amended.GetProperty("state").GetString().ShouldBe("amended");
        var correction = amended.GetProperty("corrections")[0];
        correction.GetProperty("kind").GetString().ShouldBe("amend");
        correction.GetProperty("reason").GetString().ShouldBe("counted twice");
        correction.GetProperty("content").GetProperty("properties").GetRawText().ShouldBe("""{"tokens":4}""");
        correction.GetProperty("id").GetString().ShouldStartWith("uco_");
        (await ValueAsync(customer, metric)).ShouldBe("4");
        (await _api.PostAsync($"/usage/events/{id}/amend", new { properties = new { tokens = 4 } })).Ok().GetProperty("corrections").GetArrayLength().ShouldBe(1);
        (await _api.PostAsync($"/usage/events/{id}/amend", new { timestamp = "2026-02-03T00:00:00Z" })).Ok().GetProperty("corrections").GetArrayLength().ShouldBe(2);
        (await ValueAsync(customer, metric)).ShouldBe("0");

        var voided = (await _api.PostAsync($"/usage/events/{id}/void?source=api", new { reason = "never happened" })).Ok();
        voided.GetProperty("state").GetString().ShouldBe("voided");
        voided.GetProperty("corrections")[2].GetProperty("content").ValueKind.ShouldBe(JsonValueKind.Null);
        (await _api.PostAsync($"/usage/events/{id}/void")).Ok().GetRawText().ShouldBe(voided.GetRawText());
        (await _api.GetAsync($"/usage/events/{id}")).Ok().GetRawText().ShouldBe(voided.GetRawText());
        (await _api.GetAsync($"/usage/events?customer_id={customer}")).Ok()[0].GetRawText().ShouldBe(voided.GetRawText());
        (await _api.PostAsync($"/usage/events/{id}/amend", new { properties = new { tokens = 4 } })).ShouldFail(409, "CON_001");
        (await ValueAsync(customer, metric)).ShouldBe("0");
    }

    [Fact]
    public async Task What_cannot_be_corrected_is_refused()
    {
        var (customer, metric, id) = await SetUpAsync();
        (await _api.PostAsync($"/usage/events/{id}-none/void")).ShouldFail(404, "RES_001");
        (await _api.PostAsync($"/usage/events/{id}/void", new { source = "cdn" })).ShouldFail(404, "RES_001");
        (await _api.PostAsync($"/usage/events/{id}-none/amend", new { type = "x" })).ShouldFail(404, "RES_001");
        (await _api.GetAsync($"/usage/events/{id}?source=cdn")).ShouldFail(404, "RES_001");
        (await _api.PostAsync($"/usage/events/{id}/amend", new { properties = new { tokens = "many" } })).ShouldFail(400, "VAL_001", "properties.tokens");
        (await _api.PostAsync($"/usage/events/{id}/amend", new { customer_id = "nobody" })).ShouldFail(400, "VAL_001", "customer_id");
        (await _api.PostAsync($"/usage/events/{id}/amend", new { timestamp = "2096-01-01T00:00:00Z" })).ShouldFail(400, "VAL_001", "timestamp");
        (await _api.PostAsync($"/usage/events/{id}/amend", new { tokens = 4 })).ShouldFail(400, "VAL_001", "tokens");
        (await ValueAsync(customer, metric)).ShouldBe("10");
    }

    private async Task<(string Customer, string Metric, string Event)> SetUpAsync()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("corrected.used"));
        var metric = Seed.Id(await _seed.MetricAsync(type));
        (await _api.PostAsync("/usage/events", new { id = type, type, customer_id = customer, timestamp = "2026-01-15T10:30:00Z", properties = new { tokens = 10 } })).Ok(202);
        return (customer, metric, type);
    }

    private async Task<string> ValueAsync(string customer, string metric) =>
        (await _api.GetAsync($"/usage/summary?customer_id={customer}&metric_id={metric}&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")).Ok()[0].GetProperty("value").GetRawText();
}
