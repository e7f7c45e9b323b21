using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>The forms that usage comes in, as other programs send them.</summary>
public sealed class UsageFormatTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("identity")]
    public async Task A_body_may_be_compressed(string coding)
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("packed.used"));
        await _seed.MetricAsync(type);
        var lines = string.Concat(Enumerable.Range(0, 5_000).Select(i => JsonSerializer.Serialize(Event($"{i}", type, customer)) + "\n"));
        Accepted(await SendAsync(Packed(lines, coding), "application/x-ndjson", coding)).ShouldBe(5_000);
        Accepted(await SendAsync(Packed(JsonSerializer.Serialize(Event("x", type, customer)), coding), "application/json", coding.ToUpperInvariant())).ShouldBe(1);
        (await _api.SendAsync(HttpMethod.Post, "/customers", Content(Packed("""{"name":"Packed","currency":"USD"}""", coding), "application/json", coding))).Ok(201);
    }

    [Fact]
    public async Task A_repeat_of_a_compressed_request_is_answered_from_the_first()
    {
        var body = Packed(JsonSerializer.Serialize(Event("once", Seed.Name("once"), "nobody")), "gzip");
        var key = ("Idempotency-Key", Seed.Name("key"));
        (await _api.SendAsync(HttpMethod.Post, "/usage/events", Content(body, "application/json", "gzip"), key)).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(1);
        var again = await _api.SendAsync(HttpMethod.Post, "/usage/events", Content(body, "application/json", "gzip"), key);
        again.Ok(202).GetProperty("accepted").GetInt32().ShouldBe(1);
        again.Headers["Idempotent-Replayed"].ShouldBe(["true"]);
    }

    [Fact]
    public async Task What_unpacks_to_too_much_is_refused_before_it_is_held()
    {
        var bomb = Packed(new string(' ', 20 * 1024 * 1024), "gzip");
        bomb.Length.ShouldBeLessThan(100_000);
        (await SendAsync(bomb, "application/json", "gzip")).ShouldFail(413, "VAL_002");
        (await SendAsync(Packed(new string('\n', 20 * 1024 * 1024), "br"), "application/x-ndjson", "br")).ShouldFail(413, "VAL_002");
    }

    [Fact]
    public async Task A_wrong_compression_is_refused()
    {
        var body = Encoding.UTF8.GetBytes("""{"id":"1","type":"t"}""");
        (await SendAsync(body, "application/json", "zstd")).ShouldFail(415, "VAL_003");
        (await SendAsync(body, "application/json", "gzip, br")).ShouldFail(415, "VAL_003");
        (await SendAsync(body, "application/json", "gzip")).ShouldFail(400, "VAL_001", "body");
        (await SendAsync(body, "application/json", "br")).ShouldFail(400, "VAL_001", "body");
        (await SendAsync(Packed(new string('x', 100_000), "gzip")[..60], "application/json", "gzip")).ShouldFail(400, "VAL_001", "body");
        (await SendAsync(Packed(new string('x', 100_000), "br")[..5], "application/json", "br")).ShouldFail(400, "VAL_001", "body");
    }

    [Fact]
    public async Task Columns_of_a_table_are_mapped_by_the_query()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("table.used"));
        await _seed.MetricAsync(type);
        var path = $"/usage/events?id_column=Request&timestamp_column=When&customer_id={customer}&type={type}&property_columns=tokens&delimiter=semicolon&source=gateway";
        Accepted(await _api.SendTextAsync(HttpMethod.Post, path, "When;Request;tokens;secret\r\n2026-01-01T00:00:00Z;r1;5;\"x;\r\ny\"\r\n2026-01-01T00:00:00Z;r2;6;", "text/csv; charset=\"utf-8\"")).ShouldBe(2);
        var events = (await _api.GetAsync($"/usage/events?type={type}&customer_id={customer}")).Ok();
        events.EnumerateArray().Select(item => $"{Seed.Id(item)} {item.GetProperty("source")} {item.GetProperty("properties").GetRawText()}").ShouldBe(["""r2 gateway {"tokens":6}""", """r1 gateway {"tokens":5}"""]);
        (await _api.SendTextAsync(HttpMethod.Post, "/usage/events?delimiter=dash&colour=red", "id,type\n", "text/csv")).ShouldFail(400, "VAL_001", "delimiter", "colour");
        (await _api.SendTextAsync(HttpMethod.Post, "/usage/events?id_column=nowhere", "id,type\n", "text/csv")).ShouldFail(400, "VAL_001", "nowhere");
        (await _api.SendTextAsync(HttpMethod.Post, "/usage/events", "id,type\n", "text/csv; charset=utf-16")).ShouldFail(415, "VAL_003");
    }

    [Fact]
    public async Task Columns_are_mapped_by_one_object_and_errors_name_line_column_and_reason()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("mapped.used"));
        var metric = (await _seed.MetricAsync(type)).GetProperty("code");
        var mapping = new Dictionary<string, object>
        {
            ["columns"] = new Dictionary<string, string> { ["id"] = "Request", ["timestamp"] = "When", ["properties.tokens"] = "Total tokens" },
            ["constants"] = new Dictionary<string, string> { ["type"] = type, ["customer_id"] = customer, ["source"] = "mapped-gateway", ["properties.region"] = "eu" },
            ["properties"] = new[] { "model" },
            ["delimiter"] = "semicolon",
        };
        Task<Answer> PostAsync(string parameters, string body) => _api.SendTextAsync(HttpMethod.Post, "/usage/events?" + parameters, body, "text/csv");
        var path = "mapping=" + Uri.EscapeDataString(JsonSerializer.Serialize(mapping));
        var answer = await PostAsync(path, "When;Request;Total tokens;model;secret\n2026-01-01T00:00:00Z;r1;5;small;\"x\ny\"\nnoon;r2;6;small;\n2026-01-01T00:00:00Z;r3;many;;\n2026-01-01T00:00:00Z;r4\n");
        Accepted(answer).ShouldBe(1);
        answer.Payload.GetProperty("rejected").EnumerateArray().Select(item => $"{item.GetProperty("index")} {item.GetProperty("line")} {item.GetProperty("column")} {item.GetProperty("field")}: {item.GetProperty("msg")}").ShouldBe([
            "1 4 When timestamp: Validation error: field 'timestamp' is not an instant like 2026-02-01T00:00:00Z",
            $"2 5 Total tokens properties.tokens: Validation error: field 'properties.tokens' must be a number of at most 15 integer and 12 fractional digits for the metric '{metric}'",
            "3 6  row: Validation error: field 'row' has 2 values, but the header has 5 columns"]);
        var stored = (await _api.GetAsync($"/usage/events?type={type}&customer_id={customer}")).Ok()[0];
        $"{Seed.Id(stored)} {stored.GetProperty("source")} {stored.GetProperty("properties").GetRawText()}".ShouldBe("""r1 mapped-gateway {"model":"small","region":"eu","tokens":5}""");

        (await PostAsync("mapping=x", "id,type\n")).ShouldFail(400, "VAL_001", "mapping");
        (await PostAsync("""mapping={"columns":5,"colour":"red","delimiter":"dash"}""", "id,type\n")).ShouldFail(400, "VAL_001", "mapping.columns", "mapping.colour", "mapping.delimiter");
        (await PostAsync("""mapping={"columns":{"colour":"id"}}""", "id,type\n")).ShouldFail(400, "VAL_001", "colour");
        (await PostAsync("type=t&mapping={}", "id,type\n")).ShouldFail(400, "VAL_001", "mapping");
        var lines = await _api.SendTextAsync(HttpMethod.Post, "/usage/events", "\n{}\n", "application/x-ndjson");
        (lines.Payload.GetProperty("rejected")[0].GetProperty("line").GetInt64(), lines.Payload.GetProperty("rejected")[0].GetProperty("column").ValueKind).ShouldBe((2, JsonValueKind.Null));
    }

    [Fact]
    public async Task CloudEvents_are_sent_as_one_or_as_a_batch_and_not_the_one_as_the_other()
    {
        const string one = """{"specversion":"1.0","id":"ce-1","source":"s","type":"t"}""";
        (await _api.SendTextAsync(HttpMethod.Post, "/usage/events", $"[{one}]", "application/cloudevents+json")).ShouldFail(400, "VAL_001", "body");
        (await _api.SendTextAsync(HttpMethod.Post, "/usage/events", one, "application/cloudevents-batch+json; charset=UTF-8")).ShouldFail(400, "VAL_001", "body");
        var answer = await _api.SendTextAsync(HttpMethod.Post, "/usage/events", one, "application/cloudevents+json; charset=UTF-8");
        Accepted(answer).ShouldBe(1);
        answer.Input.GetProperty("specversion").GetString().ShouldBe("1.0");
    }

    [Fact]
    public async Task An_event_without_a_customer_is_its_subscriptions_and_never_lost()
    {
        var type = Seed.Name("enriched.used");
        var metric = await _seed.MetricAsync(type);
        var customer = Seed.Id(await _seed.CustomerAsync());
        var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, Seed.Id(await _seed.PlanAsync(Seed.Id(metric))), await _seed.NowAsync()));
        var now = await _seed.NowAsync();
        var answer = await _api.PostAsync("/usage/events", new
        {
            events = new object[]
            {
                new { id = "by-subscription", type, subscription_id = subscription, timestamp = now, properties = new { tokens = 5 } },
                new { id = "enriched-by-nothing", type, timestamp = now, properties = new { tokens = 5 } },
                new { id = "by-nobodys", type, subscription_id = "sub_01kdvt5h40e6xrwwwb16exm1et", timestamp = now, properties = new { tokens = 5 } },
            },
        });
        Accepted(answer).ShouldBe(3);
        answer.Payload.GetProperty("orphans").EnumerateArray().Select(orphan => $"{orphan.GetProperty("index")} {orphan.GetProperty("reason")}").ShouldBe(["1 unknown_customer", "2 unknown_subscription"]);
        var counted = (await _api.GetAsync($"/usage/events?type={type}&customer_id={customer}")).Ok();
        counted.GetArrayLength().ShouldBe(1);
        counted[0].GetProperty("customer_id").GetString().ShouldBe(customer);
    }

    [Fact]
    public async Task Text_that_is_half_a_pair_is_refused_and_not_sent_back()
    {
        var answer = await _api.SendTextAsync(HttpMethod.Post, "/usage/events", """{"events":[{"id":"\ud800","type":"t"},{"id":"half-1","type":"half","password":1}]}""", "application/json");
        answer.Ok(202).GetProperty("rejected").EnumerateArray().Select(item => item.GetProperty("field").GetString()).ShouldBe(["id", "password"]);
        (await _api.SendTextAsync(HttpMethod.Post, "/usage/events", """{"id":"1","type":"t","password":"hunter2"}""", "application/json")).Input.GetProperty("password").GetString().ShouldBe("***");
    }

    private static object Event(string id, string type, string customer) => new { id = $"{type}-{id}", type, customer_id = customer, timestamp = "2026-01-01T00:00:00Z", properties = new { tokens = 1 } };

    private static int Accepted(Answer answer) => answer.Ok(202).GetProperty("accepted").GetInt32();

    private Task<Answer> SendAsync(byte[] body, string type, string coding) => _api.SendAsync(HttpMethod.Post, "/usage/events", Content(body, type, coding));

    private static ByteArrayContent Content(byte[] body, string type, string coding)
    {
        var content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
        content.Headers.TryAddWithoutValidation("Content-Encoding", coding).ShouldBeTrue();
        return content;
    }

    private static byte[] Packed(string text, string coding)
    {
        using var packed = new MemoryStream();
        using (Stream stream = coding switch { "gzip" => new GZipStream(packed, CompressionLevel.Optimal), "br" => new BrotliStream(packed, CompressionLevel.Optimal), _ => new BufferedStream(packed) })
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
