using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests;

public sealed class UsageTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task Events_come_in_every_form_and_count_once()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("forms.used"));
        var metric = (await _seed.MetricAsync(type)).GetProperty("code").GetString();
        Receipt(await _api.PostAsync("/usage/events", Event("a", type, customer, 1))).ShouldBe((1, 0, ""));
        Receipt(await _api.PostAsync("/usage/events", new { events = new[] { Event("a", type, customer, 1), Event("b", type, customer, 2) } })).ShouldBe((1, 1, ""));
        Receipt(await SendAsync("application/x-ndjson", $"{Json(Event("c", type, customer, 4))}\n\n{Json(Event("b", type, customer, 2))}\r\n")).ShouldBe((1, 1, ""));
        Receipt(await SendAsync("text/csv", $"id,type,customer_id,timestamp,tokens,note\nd,{type},{customer},2026-01-01T00:00:00Z,8,\"say \"\"hi\"\", twice\"\nc,{type},{customer},2026-01-01T00:00:00Z,4,\n")).ShouldBe((1, 1, ""));
        var cloud = new { specversion = "1.0", id = "e", source = "api", type, subject = customer, time = "2026-01-01T00:00:00Z", data = new { tokens = 16 } };
        Receipt(await SendAsync("application/cloudevents+json", Json(cloud))).ShouldBe((1, 0, ""));
        Receipt(await SendAsync("application/cloudevents-batch+json", Json(new[] { cloud, cloud with { id = "f" } }))).ShouldBe((1, 1, ""));

        var summary = (await _api.GetAsync($"/usage/summary?customer_id={customer}&metric_id={metric}&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")).Ok();
        summary.GetArrayLength().ShouldBe(1);
        summary[0].GetProperty("value").GetRawText().ShouldBe("47");
        var events = (await _api.GetAsync($"/usage/events?customer_id={customer}&type={type}&from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:01Z")).Ok();
        events.EnumerateArray().Select(Seed.Id).ShouldBe(["f", "e", "d", "c", "b", "a"]);
        events[2].GetProperty("properties").GetRawText().ShouldBe("""{"note":"say \"hi\", twice","tokens":8}""");
        (await _api.GetAsync($"/usage/events?customer_id={customer}&limit=4")).Envelope.GetProperty("page").GetProperty("has_more").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task The_good_events_of_a_batch_are_kept_and_the_others_named()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("batch.used"));
        await _seed.MetricAsync(type);
        await _api.PostAsync("/usage/events", Event("taken", type, customer, 1));
        var answer = await _api.PostAsync("/usage/events", $$"""
            {"events": [{{Json(Event("good", type, customer, 1))}}, {"id": "half"}, 5, {{Json(Event("taken", type, customer, 2))}}, {{Json(Event("minus", type, customer, -1))}},
              {"id": "late", "type": "{{type}}", "customer_id": "{{customer}}", "timestamp": "2036-01-01T00:00:00Z", "properties": {"tokens": 1} },
              {"id": "deep", "type": "{{type}}", "customer_id": "{{customer}}", "properties": {"tokens": {} } },
              {"id": "lost", "type": "{{type}}", "customer_id": "nobody", "timestamp": "2026-01-01T00:00:00Z", "properties": {"tokens": 1} }]}
            """);
        Receipt(answer).ShouldBe((2, 0, "1 VAL_001, 2 VAL_001, 3 CON_001, 4 VAL_001, 5 VAL_001, 6 VAL_001"));
        var rejected = answer.Payload.GetProperty("rejected");
        rejected[0].GetProperty("id").GetString().ShouldBe("half");
        rejected[0].GetProperty("msg").GetString().ShouldBe("Validation error: field 'type' is required");
        rejected[4].GetProperty("msg").GetString()!.ShouldContain("timestamp");
        rejected.EnumerateArray().Select(item => item.GetProperty("field").GetString()).ShouldBe(["type", "body", "id", "properties.tokens", "timestamp", "properties.tokens"]);
        answer.Payload.GetProperty("orphans")[0].GetProperty("reason").GetString().ShouldBe("unknown_customer");

        Receipt(await SendAsync("application/x-ndjson", "{\n" + Json(Event("good", type, customer, 1)))).ShouldBe((0, 1, "0 VAL_001"));
        Receipt(await SendAsync("text/csv", $"id,type,customer_id,timestamp,tokens\n1,2\ngood,{type},{customer},2026-01-01T00:00:00Z,1\nx,{type},{customer},noon,1")).ShouldBe((0, 1, "0 VAL_001, 2 VAL_001"));
    }

    [Fact]
    public async Task What_is_no_delivery_is_refused_whole()
    {
        (await _api.PostAsync("/usage/events", new { type = 5, colour = "red" })).ShouldFail(400, "VAL_001", "id", "type", "colour");
        (await _api.PostAsync("/usage/events")).ShouldFail(400, "VAL_001", "id", "type");
        (await _api.PostAsync("/usage/events", new { events = 5 })).ShouldFail(400, "VAL_001", "events");
        (await _api.PostAsync("/usage/events", "[]")).ShouldFail(400, "VAL_001", "body");
        (await SendAsync("text/plain", "x")).ShouldFail(415, "VAL_003");
        (await SendAsync("text/csv", "id,customer_id\n")).ShouldFail(400, "VAL_001", "type");
        (await SendAsync("text/csv", "id,type,customer_id\n\"a")).ShouldFail(400, "VAL_001", "body");
        (await SendAsync("application/cloudevents+json", "{}")).ShouldFail(400, "VAL_001", "specversion", "id", "source", "type");
        (await SendAsync("application/x-ndjson", string.Concat(Enumerable.Repeat("{}\n", Limits.EventsPerBatch + 1)))).ShouldFail(413, "VAL_002");
        (await _api.GetAsync("/usage/summary")).ShouldFail(400, "VAL_001", "customer_id", "metric_id", "from", "to");
        (await _api.GetAsync("/usage/summary?customer_id=nobody&metric_id=x&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")).ShouldFail(404, "RES_001");
        (await _api.GetAsync("/usage/summary?customer_id=nobody&metric_id=x&from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z")).ShouldFail(400, "VAL_001", "to");
        (await _api.GetAsync("/usage/summary?customer_id=nobody&metric_id=x&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&timezone=Mars&window=year")).ShouldFail(400, "VAL_001", "timezone", "window");
    }

    [Fact]
    public async Task Every_aggregation_is_answered()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("all.used"));
        async Task<string> MetricAsync(object fields) => Seed.Id((await _api.PostAsync("/metrics", Json(new { code = Seed.Name("metric"), name = "M", event_type = type })[..^1] + "," + Json(fields)[1..])).Ok(201));
        var metrics = new[]
        {
            (await MetricAsync(new { aggregation = "count" }), "4"), (await MetricAsync(new { aggregation = "average", property = "v" }), "3.5"),
            (await MetricAsync(new { aggregation = "percentile", property = "v", percentile = 50 }), "2"), (await MetricAsync(new { aggregation = "weighted_sum", property = "v" }), "11.032258064516"),
            (await MetricAsync(new { aggregation = "sum", property = "v", recurring = true }), "19"), (await MetricAsync(new { aggregation = "unique_count", property = "user", recurring = true, operation_property = "op" }), "1"),
            (await MetricAsync(new { aggregation = "unique_count", property = "user", recurring = true, operation_property = "op", weighting = "day" }), "1.290322580645"),
            (await MetricAsync(new { aggregation = "max", property = "v", exclude = new[] { new object[] { new { property = "user", op = "eq", values = new[] { "a" } }, new { property = "v", op = "gte", values = new[] { 5 } } } } }), "4"),
        };
        object Used(string id, string at, decimal v, string user, string? op = null) => new { id = $"{type}-{id}", type, customer_id = customer, timestamp = at, properties = new { v, user, op } };
        Receipt(await _api.PostAsync("/usage/events", new
        {
            events = new[]
            {
                Used("0", "2025-12-20T00:00:00Z", 5, "a"), Used("1", "2026-01-01T00:00:00Z", 7, "a"), Used("2", "2026-01-13T00:00:00Z", 2, "b"),
                Used("3", "2026-01-13T00:00:00Z", 4, "b"), Used("4", "2026-01-21T00:00:00Z", 1, "a", "remove"),
            },
        })).ShouldBe((5, 0, ""));
        foreach (var (metric, expected) in metrics)
        {
            (await _api.GetAsync($"/usage/summary?customer_id={customer}&metric_id={metric}&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")).Ok()[0].GetProperty("value").GetRawText().ShouldBe(expected, metric);
        }

        var summary = $"/usage/summary?customer_id={customer}&metric_id={metrics[0].Item1}&from=2026-01-12T23:58:30Z&to=2026-01-13T00:00:30Z&window=minute";
        (await _api.GetAsync(summary)).Ok().EnumerateArray().Select(row => $"{row.GetProperty("start").GetString()} {row.GetProperty("value")}").ShouldBe(
            ["2026-01-12T23:58:30Z 0", "2026-01-12T23:59:00Z 0", "2026-01-13T00:00:00Z 2"]);
        (await _api.GetAsync($"{summary}&align=expand")).Ok().EnumerateArray().Select(row => row.GetProperty("start").GetString()).ShouldBe(["2026-01-12T23:58:00Z", "2026-01-12T23:59:00Z", "2026-01-13T00:00:00Z"]);
        (await _api.GetAsync($"{summary}&recorded_to=2026-01-01T00:00:00Z")).Ok().EnumerateArray().Select(row => row.GetProperty("value").GetRawText()).ShouldBe(["0", "0", "0"]);
        (await _api.GetAsync($"{summary}&recorded_from=2026-01-02T00:00:00Z&recorded_to=2026-01-01T00:00:00Z")).ShouldFail(400, "VAL_001", "recorded_to");
    }

    [Fact]
    public async Task Orphans_are_listed_and_recovered_once_their_customer_is_there()
    {
        var (external, type) = (Seed.Name("late-customer"), Seed.Name("orphan.used"));
        var metric = Seed.Id(await _seed.MetricAsync(type));
        Receipt(await _api.PostAsync("/usage/events", Event("1", type, external, 7))).ShouldBe((1, 0, ""));
        var orphans = (await _api.GetAsync("/admin/orphan-events?reason=unknown_customer&limit=500")).Ok();
        orphans.EnumerateArray().Select(orphan => orphan.GetProperty("event").GetProperty("customer_id").GetString()).ShouldContain(external);
        (await _api.GetAsync("/admin/orphan-events?reason=boredom")).ShouldFail(400, "VAL_001", "reason");

        (await _api.PostAsync("/customers", new { name = "Late", currency = "USD", external_id = external })).Ok(201);
        (await _api.PostAsync("/admin/orphan-events/recover")).Ok().GetProperty("recovered").GetInt32().ShouldBeGreaterThanOrEqualTo(1);
        var days = (await _api.GetAsync($"/usage/summary?customer_id={external}&metric_id={metric}&from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z&window=day&timezone=UTC")).Ok();
        days.EnumerateArray().Select(day => day.GetProperty("value").GetRawText()).ShouldBe(["7", "0"]);
    }

    [Fact]
    public async Task Orphans_are_discarded_with_a_reason_and_stay_on_record()
    {
        var (type, id) = (Seed.Name("discard.used"), Seed.Name("discarded"));
        await _api.PostAsync("/usage/events", Event(id, type, "nobody-at-all", 7));
        var answer = (await _api.PostAsync("/admin/orphan-events/discard", new { ids = new[] { id, "never-sent" }, reason = "sent by a test" })).Ok();
        answer.GetProperty("discarded").GetInt32().ShouldBe(1);
        answer.GetProperty("unknown").EnumerateArray().Select(unknown => unknown.GetString()).ShouldBe(["never-sent"]);
        var discarded = (await _api.GetAsync("/admin/orphan-events?discarded=true")).Ok().EnumerateArray().Single(orphan => Seed.Id(orphan.GetProperty("event")) == id);
        discarded.GetProperty("discard_reason").GetString().ShouldBe("sent by a test");
        (await _api.GetAsync("/admin/orphan-events?limit=500")).Ok().EnumerateArray().Select(orphan => Seed.Id(orphan.GetProperty("event"))).ShouldNotContain(id);
        (await _api.PostAsync("/admin/orphan-events/discard", new { ids = Array.Empty<string>(), reason = "x" })).ShouldFail(400, "VAL_001", "ids");
        (await _api.PostAsync("/admin/orphan-events/discard", new { ids = new[] { "x" }, reason = " " })).ShouldFail(400, "VAL_001", "reason");
    }

    [Fact]
    public async Task Usage_comes_under_any_name_of_a_customer_and_the_worker_recovers_what_waited_for_one()
    {
        var (type, alias) = (Seed.Name("alias.used"), Seed.Name("key"));
        var metric = Seed.Id(await _seed.MetricAsync(type));
        await _api.PostAsync("/usage/events", Event($"{type}-early", type, alias, 1));
        var customer = Seed.Id((await _api.PostAsync("/customers", new { name = "Named", currency = "USD", aliases = new[] { alias } })).Ok(201));
        await _api.PostAsync("/usage/events", Event($"{type}-late", type, alias, 2));
        await host.Services.GetRequiredService<BillApis.Workers.BillingWorker>().RunOnceAsync(TestContext.Current.CancellationToken);
        var summary = (await _api.GetAsync($"/usage/summary?customer_id={alias}&metric_id={metric}&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")).Ok();
        summary[0].GetProperty("value").GetInt32().ShouldBe(3);

        (await _api.PostAsync("/customers", new { name = "Second", currency = "USD", aliases = new[] { alias } })).ShouldFail(409, "CON_001");
        (await _api.PostAsync("/customers", new { name = "Second", currency = "USD", external_id = alias })).ShouldFail(409, "CON_001");
        (await _api.PostAsync("/customers", new { name = "Second", currency = "USD", aliases = new[] { "a b" } })).ShouldFail(400, "VAL_001", "aliases[0]");
        (await _api.PatchAsync($"/customers/{customer}", new { aliases = Array.Empty<string>() })).Ok().GetProperty("aliases").GetArrayLength().ShouldBe(0);
        (await _api.PostAsync("/customers", new { name = "Second", currency = "USD", aliases = new[] { alias } })).Ok(201).GetProperty("aliases")[0].GetString().ShouldBe(alias);
    }

    [Fact]
    public async Task An_event_that_names_nobody_is_the_customers_whose_alias_its_sender_is()
    {
        var (type, me) = (Seed.Name("sender.used"), (await _api.GetAsync("/auth/me")).Ok().GetProperty("id").GetString()!);
        await _seed.MetricAsync(type);
        var customer = Seed.Id((await _api.PostAsync("/customers", new { name = "Sender", currency = "USD", aliases = new[] { me } })).Ok(201));
        Receipt(await _api.PostAsync("/usage/events", new { id = $"{type}-1", type, timestamp = "2026-01-01T00:00:00Z", properties = new { tokens = 1 } })).ShouldBe((1, 0, ""));
        (await _api.GetAsync($"/usage/events?type={type}&customer_id={customer}")).Ok()[0].GetProperty("customer_id").GetString().ShouldBe(customer);
        (await _api.PatchAsync($"/customers/{customer}", new { aliases = Array.Empty<string>() })).Ok();
    }

    private static object Event(string id, string type, string customer, int tokens) => new { id, type, customer_id = customer, timestamp = "2026-01-01T00:00:00Z", properties = new { tokens } };

    private static string Json(object value) => JsonSerializer.Serialize(value);

    private static (int Accepted, int Duplicates, string Rejected) Receipt(Answer answer)
    {
        var receipt = answer.Ok(202);
        return (receipt.GetProperty("accepted").GetInt32(), receipt.GetProperty("duplicates").GetInt32(),
            string.Join(", ", receipt.GetProperty("rejected").EnumerateArray().Select(item => $"{item.GetProperty("index").GetInt32()} {item.GetProperty("code").GetString()}")));
    }

    private Task<Answer> SendAsync(string contentType, string body) => _api.SendTextAsync(HttpMethod.Post, "/usage/events", body, contentType);
}
