using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class CustomerTests(HostFixture host)
{
    private readonly Api _api = host.Api;

    [Fact]
    public async Task A_customer_is_created_read_changed_and_archived()
    {
        var external = Seed.Name("customer");
        var created = (await _api.PostAsync("/customers", new
        {
            name = "Acme", currency = "eur", external_id = external, email = "billing@acme.example", timezone = "Europe/Paris", country = "FR",
            address = new { line1 = "1 rue X", city = "Paris" }, tax_id = "FR1", payment_terms_days = 14, locale = "fr-FR", metadata = new { tier = "gold" },
        })).Ok(201);
        Seed.Id(created).ShouldStartWith("cus_");
        created.GetProperty("currency").GetString().ShouldBe("EUR");
        created.GetProperty("timezone").GetString().ShouldBe("Europe/Paris");

        (await _api.GetAsync($"/customers/{external}")).Ok().GetRawText().ShouldBe(created.GetRawText());
        var changed = (await _api.PatchAsync($"/customers/{external}", new { name = "Acme 2", country = (string?)null, metadata = new { plan = "a" } })).Ok();
        changed.GetProperty("name").GetString().ShouldBe("Acme 2");
        changed.GetProperty("country").ValueKind.ShouldBe(JsonValueKind.Null);
        changed.GetProperty("email").GetString().ShouldBe("billing@acme.example");
        changed.GetProperty("payment_terms_days").GetInt32().ShouldBe(14);
        changed.GetProperty("metadata").GetRawText().ShouldBe("""{"plan":"a","tier":"gold"}""");

        (await _api.GetAsync($"/customers?external_id={external}")).Ok().GetArrayLength().ShouldBe(1);
        (await _api.DeleteAsync($"/customers/{external}")).Ok().GetProperty("archived_at").ValueKind.ShouldBe(JsonValueKind.String);
        (await _api.GetAsync($"/customers?external_id={external}&archived=false")).Ok().GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"currency":"USD"}""", "name")]
    [InlineData("""{"name":"A"}""", "currency")]
    [InlineData("""{"name":"A","currency":"ZZZ"}""", "currency")]
    [InlineData("""{"name":"A","currency":"USD","timezone":"Mars/Base"}""", "timezone")]
    [InlineData("""{"name":"A","currency":"USD","payment_terms_days":1.5}""", "payment_terms_days")]
    [InlineData("""{"name":"A","currency":"USD","payment_terms_days":1000}""", "payment_terms_days")]
    [InlineData("""{"name":"A","currency":"USD","tax_exempt":"no"}""", "tax_exempt")]
    [InlineData("""{"name":"A","currency":"USD","address":{"city":5}}""", "address.city")]
    [InlineData("""{"name":"A","currency":"USD","metadata":{"a":[]}}""", "metadata.a")]
    [InlineData("""{"name":"A","currency":"USD","nmae":"B"}""", "nmae")]
    [InlineData("""{"name":"A","currency":"USD","email":"nobody"}""", "email")]
    public async Task A_wrong_field_is_named(string body, string field) => (await _api.PostAsync("/customers", body)).ShouldFail(400, "VAL_001", field);

    [Fact]
    public async Task A_missing_customer_is_RES_001_and_a_taken_external_id_CON_001()
    {
        (await _api.GetAsync("/customers/nobody")).ShouldFail(404, "RES_001");
        (await _api.PatchAsync("/customers/nobody", new { name = "x" })).ShouldFail(404, "RES_001");
        (await _api.DeleteAsync("/customers/cus_00000000000000000000000000")).ShouldFail(404, "RES_001");
        var external = Seed.Name("taken");
        (await _api.PostAsync("/customers", new { name = "A", currency = "USD", external_id = external })).Ok(201);
        (await _api.PostAsync("/customers", new { name = "B", currency = "USD", external_id = external })).ShouldFail(409, "CON_001");
    }

    [Fact]
    public async Task Pages_follow_each_other_newest_first_and_bad_paging_is_VAL_001()
    {
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            made.Add(Seed.Id((await _api.PostAsync("/customers", new { name = "Paged", currency = "USD", email = "paged@example.com" })).Ok(201)));
        }

        var (read, cursor) = (new List<string>(), "");
        do
        {
            var page = await _api.GetAsync($"/customers?email=paged@example.com&limit=2{cursor}");
            read.AddRange(page.Ok().EnumerateArray().Select(Seed.Id));
            var next = page.Envelope.GetProperty("page");
            next.GetProperty("has_more").GetBoolean().ShouldBe(next.GetProperty("next_cursor").ValueKind is JsonValueKind.String);
            cursor = next.GetProperty("has_more").GetBoolean() ? $"&cursor={next.GetProperty("next_cursor").GetString()}" : "";
        }
        while (cursor.Length > 0);
        read.ShouldBe(Enumerable.Reverse(made));

        foreach (var (query, field) in new[] { ("limit=0", "limit"), ("limit=501", "limit"), ("limit=x", "limit"), ("limit=1&limit=2", "limit"), ("cursor=%24", "cursor"), ("cursor=abcd", "cursor"), ("colour=red", "colour"), ("archived=maybe", "archived") })
        {
            (await _api.GetAsync($"/customers?{query}")).ShouldFail(400, "VAL_001", field);
        }
    }
}
