using System.Collections.Immutable;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using BillApis.Metering;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests;

public sealed class ImportTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_file_is_read_row_by_row_and_its_progress_is_told()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("import.used"));
        var metric = Seed.Id(await _seed.MetricAsync(type));
        var rows = string.Concat(Enumerable.Range(0, 7_000).Select(i => i % 1_000 == 999 ? $"{type}-{i},noon,1\n" : $"{type}-{i - (i % 10 == 9 ? 1 : 0)},2026-01-01T00:00:00Z,1\n"));
        var path = $"/usage/imports?type={type}&customer_id={customer}&wait=true";
        var import = (await _api.SendTextAsync(HttpMethod.Post, path, "id,timestamp,tokens\n" + rows, "text/csv")).Ok(202);
        import.GetProperty("status").GetString().ShouldBe("completed");
        Numbers(import).ShouldBe((7_000, 6_300, 693, 7));
        import.GetProperty("refusals").EnumerateArray().Select(row => $"{row.GetProperty("index")} {row.GetProperty("id")} {row.GetProperty("code")} {row.GetProperty("field")}")
            .ShouldBe(Enumerable.Range(0, 7).Select(i => $"{i * 1_000 + 999} {type}-{i * 1_000 + 999} VAL_001 timestamp"));
        import.GetProperty("bytes").GetInt64().ShouldBe(Encoding.UTF8.GetByteCount(rows) + 20);
        import.GetProperty("bytes_read").GetInt64().ShouldBe(import.GetProperty("bytes").GetInt64());
        (await SumAsync(customer, metric)).ShouldBe(6_300);

        (await _api.GetAsync($"/usage/imports/{Seed.Id(import)}")).Ok().GetRawText().ShouldBe(import.GetRawText());
        (await _api.GetAsync("/usage/imports?status=completed")).Ok().EnumerateArray().Select(Seed.Id).ShouldContain(Seed.Id(import));
        (await _api.PostAsync($"/usage/imports/{Seed.Id(import)}/cancel")).Ok().GetProperty("status").GetString().ShouldBe("completed");
        (await _api.GetAsync("/usage/imports/imp_none")).ShouldFail(404, "RES_001");
    }

    [Fact]
    public async Task A_file_comes_in_a_form_compressed_and_its_name_says_how_it_is_written()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("form.used"));
        var metric = Seed.Id(await _seed.MetricAsync(type));
        var lines = string.Concat(Enumerable.Range(0, 50).Select(i => JsonSerializer.Serialize(new { type, customer_id = customer, timestamp = "2026-01-01T00:00:00Z", properties = new { tokens = i } }) + "\n"));
        using var form = new MultipartFormDataContent { { new StringContent("ignored"), "note" }, { new ByteArrayContent(Packed(lines)), "file", "events.ndjson.gz" } };
        var import = (await _api.SendAsync(HttpMethod.Post, "/usage/imports?wait=true", form)).Ok(202);
        (import.GetProperty("format").GetString(), import.GetProperty("packing").GetString()).ShouldBe(("json_lines", "gzip"));
        Numbers(import).ShouldBe((50, 50, 0, 0));
        (await SumAsync(customer, metric)).ShouldBe(50 * 49 / 2);
        (await _api.GetAsync($"/usage/events?type={type}&limit=1&customer_id={customer}")).Ok()[0].GetProperty("id").GetString()!.ShouldStartWith(Seed.Id(import) + "-");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_form_says_what_its_columns_are_and_the_import_keeps_it(bool behind)
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("mapped.import"));
        var metric = Seed.Id(await _seed.MetricAsync(type));
        var mapping = $$"""{"columns": {"id": "Request", "properties.tokens": "Total tokens"}, "constants": {"type": "{{type}}", "customer_id": "{{customer}}", "timestamp": "2026-01-01T00:00:00Z"} }""";
        var rows = "Request,Total tokens\n" + string.Concat(Enumerable.Range(0, 6_000).Select(i => $"{type}-{i},{(i == 5_500 ? "many" : "1")}\n"));
        MultipartFormDataContent Form()
        {
            var (map, file) = (new StringContent(mapping), new ByteArrayContent(Encoding.UTF8.GetBytes(rows)));
            return behind ? new() { { file, "file", "usage.csv" }, { new StringContent("ignored"), "note" }, { map, "mapping" } } : new() { { map, "mapping" }, { file, "file", "usage.csv" } };
        }

        var (key, form, repeat) = (("Idempotency-Key", Seed.Name("mapped-key")), Form(), Form());
        var import = (await _api.SendAsync(HttpMethod.Post, "/usage/imports", form, key)).Ok(202);
        Seed.Id((await _api.SendAsync(HttpMethod.Post, "/usage/imports", repeat, key)).Ok(202)).ShouldBe(Seed.Id(import));

        // Read by whoever finds it in the database.
        var imports = host.Services.GetRequiredService<Billing>().Imports;
        await imports.ExecuteAsync(await imports.GetAsync(TenantId.Default, Seed.Id(import), TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        import = (await _api.GetAsync($"/usage/imports/{Seed.Id(import)}")).Ok();
        Numbers(import).ShouldBe((6_000, 5_999, 0, 1));
        var refused = import.GetProperty("refusals")[0];
        $"{refused.GetProperty("index")} {refused.GetProperty("line")} {refused.GetProperty("column")} {refused.GetProperty("field")}".ShouldBe("5500 5502 Total tokens properties.tokens");
        (await SumAsync(customer, metric)).ShouldBe(5_999);

        using var twice = new MultipartFormDataContent { { new StringContent("{}"), "mapping" }, { new ByteArrayContent([]), "file", "usage.csv" } };
        (await _api.SendAsync(HttpMethod.Post, "/usage/imports?mapping={}", twice)).ShouldFail(400, "VAL_001", "mapping");
        using var broken = new MultipartFormDataContent { { new StringContent("columns"), "mapping" }, { new ByteArrayContent([]), "file", "usage.csv" } };
        (await _api.SendAsync(HttpMethod.Post, "/usage/imports", broken)).ShouldFail(400, "VAL_001", "mapping");
    }

    [Fact]
    public async Task What_is_wrong_behind_the_file_of_a_form_refuses_the_file()
    {
        foreach (var (text, name, file, field) in new[]
        {
            ("columns", "mapping", null, "mapping"), ("{\"columns\":{\"colour\":\"x\"}}", "mapping", null, "colour"), ("{}", "mapping", null, ""), ("a,b", "other", "usage.csv", "file"),
        })
        {
            using var form = new MultipartFormDataContent { { new ByteArrayContent("id\n"u8.ToArray()), "file", "usage.csv" } };
            var content = new StringContent(text);
            if (file is null)
            {
                form.Add(content, name);
            }
            else
            {
                form.Add(content, name, file);
            }

            // What is behind the file and right is refused only where the query says it too.
            var answer = await _api.SendAsync(HttpMethod.Post, field.Length == 0 ? "/usage/imports?mapping={}" : "/usage/imports", form);
            answer.ShouldFail(400, "VAL_001", field.Length == 0 ? "mapping" : field);
        }

        (await _api.GetAsync("/usage/imports?limit=4")).Ok().EnumerateArray().Select(import => $"{import.GetProperty("status")} {import.GetProperty("error").GetString()!.Split('\'')[1]}")
            .ShouldBe(["failed file", "failed mapping", "failed colour", "failed mapping"]);
    }

    [Fact]
    public async Task A_repeat_under_an_idempotency_key_gets_the_first_import()
    {
        var (type, key) = (Seed.Name("repeat.used"), ("Idempotency-Key", Seed.Name("import-key")));
        var first = (await SendAsync("/usage/imports?wait=true", $"{{\"type\":\"{type}\"}}\n", key)).Ok(202);
        var again = await SendAsync("/usage/imports?wait=true", $"{{\"type\":\"{type}\"}}\n", key);
        again.Headers["Idempotent-Replayed"].ShouldBe(["true"]);
        Seed.Id(again.Ok(202)).ShouldBe(Seed.Id(first));
        (await SendAsync("/usage/imports?wait=true", "{}\n", key)).ShouldFail(409, "IDM_001");
    }

    [Fact]
    public async Task What_cannot_be_read_fails_with_the_reason_and_what_was_accepted_stays()
    {
        var type = Seed.Name("broken.used");
        var import = (await _api.SendTextAsync(HttpMethod.Post, "/usage/imports?wait=true", $"[{{\"type\":\"{type}\"}},{{\"type\":\"{type}\"}}", "application/json")).Ok(202);
        (import.GetProperty("status").GetString(), import.GetProperty("error").GetString()).ShouldBe(("failed", "Validation error: field 'body' ends in the middle of the list"));
        var packed = Packed(new string('\n', 100_000));
        using var cut = new ByteArrayContent(packed[..^4]) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson"), ContentEncoding = { "gzip" } } };
        (await _api.SendAsync(HttpMethod.Post, "/usage/imports?wait=true", cut)).Ok(202).GetProperty("error").GetString().ShouldBe("The compressed file is damaged or was cut off.");

        (await _api.SendTextAsync(HttpMethod.Post, "/usage/imports", "x", "text/plain")).ShouldFail(415, "VAL_003");
        (await _api.SendTextAsync(HttpMethod.Post, "/usage/imports?delimiter=x", "x", "text/csv")).ShouldFail(400, "VAL_001", "delimiter");
        using var empty = new MultipartFormDataContent { { new StringContent("no file"), "note" } };
        (await _api.SendAsync(HttpMethod.Post, "/usage/imports", empty)).ShouldFail(400, "VAL_001", "file");
        (await _api.SendTextAsync(HttpMethod.Post, "/usage/imports", "no form", "multipart/form-data; boundary=x")).ShouldFail(400, "VAL_001", "body");
        (await _api.SendTextAsync(HttpMethod.Post, "/usage/imports", "no form", "multipart/form-data")).ShouldFail(400, "VAL_001", "body");
    }

    [Fact]
    public async Task An_import_is_stopped_before_it_is_read()
    {
        var type = Seed.Name("canceled.used");
        var import = (await SendAsync("/usage/imports", $"{{\"type\":\"{type}\"}}\n")).Ok(202);
        import.GetProperty("status").GetString().ShouldBe("running");
        (await _api.PostAsync($"/usage/imports/{Seed.Id(import)}/cancel")).Ok().GetProperty("status").GetString().ShouldBe("canceled");
        (await _api.GetAsync($"/usage/events?type={type}")).Ok().GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Rows_that_a_crash_left_in_doubt_are_counted_as_what_they_were()
    {
        var (type, tenant, token) = (Seed.Name("doubt.used"), TenantId.Default, TestContext.Current.CancellationToken);
        var (billing, store) = (host.Services.GetRequiredService<Billing>(), host.Services.GetRequiredService<IUsageImportStore>());
        var customer = Seed.Id(await _seed.CustomerAsync());
        UsageEvent Item(string id) => new() { Id = $"{type}-{id}", Type = type, Customer = customer, Timestamp = NodaTime.Instant.FromUtc(2026, 1, 1, 0, 0) };
        var lines = string.Concat(new[] { "a", "b", "before", "c", "a" }.Select(id => JsonSerializer.Serialize(new { id = $"{type}-{id}", type, customer_id = customer, timestamp = "2026-01-01T00:00:00Z" }) + "\n"));
        await billing.Usage.RecordAsync(tenant, Item("before"), token);
        var import = await billing.Imports.UploadAsync(tenant, new MemoryStream(Encoding.UTF8.GetBytes(lines)), new UsageFile { Format = UsageFormat.JsonLines }, cancellationToken: token);

        // What a node did that was killed between storing a batch and saying so: all of it is stored, and nothing of it is counted.
        var stamp = NodaTime.Instant.FromUtc(2025, 12, 31, 12, 0);
        await store.SaveAsync(tenant, [import with { Stamps = [stamp] }], [], token);
        await billing.Usage.RecordAsync(tenant, [Item("a"), Item("b"), Item("before"), Item("c"), Item("a")], null, stamp, token);

        var done = await billing.Imports.ExecuteAsync(import.WithVersion(import.Version + 1) with { Stamps = [stamp] }, token);
        (done.Status, done.Counts.Rows, done.Counts.Accepted, done.Counts.Duplicates, done.Counts.Rejected).ShouldBe((UsageImportStatus.Completed, 5, 3, 2, 0));
        (await billing.Imports.ExecuteAsync(import, token)).Counts.Accepted.ShouldBe(3);
    }

    [Fact]
    public async Task A_file_is_taken_in_within_the_process_and_tells_its_progress()
    {
        var (type, told) = (Seed.Name("process.used"), new List<long>());
        var text = "type\n" + string.Concat(Enumerable.Repeat($"{type}\n", 12_000));
        await _seed.MetricAsync(type, "count", null);
        var file = new UsageFile { Format = UsageFormat.Csv, Csv = new CsvLayout { Constants = ImmutableSortedDictionary<string, string>.Empty.Add("customer_id", Seed.Id(await _seed.CustomerAsync())) } };
        var usage = host.Services.GetRequiredService<Billing>().Usage;
        for (var again = 0; again < 2; again++)
        {
            var counts = await usage.ImportAsync(
                TenantId.Default, new MemoryStream(Encoding.UTF8.GetBytes(text)), file, type, new Told(told), TestContext.Current.CancellationToken);
            (counts.Rows, counts.Accepted, counts.Duplicates, counts.BytesRead).ShouldBe((12_000, again == 0 ? 12_000 : 0, again == 0 ? 0 : 12_000, text.Length));
        }

        told.ShouldBe([5_000, 10_000, 12_000, 5_000, 10_000, 12_000]);
    }

    private sealed class Told(List<long> rows) : IProgress<ImportCounts>
    {
        public void Report(ImportCounts value) => rows.Add(value.Rows);
    }

    private static (long Rows, long Accepted, long Duplicates, long Rejected) Numbers(JsonElement import) =>
        (import.GetProperty("rows").GetInt64(), import.GetProperty("accepted").GetInt64(), import.GetProperty("duplicates").GetInt64(), import.GetProperty("rejected").GetInt64());

    private async Task<decimal> SumAsync(string customer, string metric) =>
        (await _api.GetAsync($"/usage/summary?customer_id={customer}&metric_id={metric}&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")).Ok()[0].GetProperty("value").GetDecimal();

    private Task<Answer> SendAsync(string path, string lines, params (string, string)[] headers) =>
        _api.SendAsync(HttpMethod.Post, path, new StringContent(lines, Encoding.UTF8) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson") } }, headers);

    private static byte[] Packed(string text)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Optimal))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
