using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class AuditTests(HostFixture host)
{
    private readonly People _people = new(host);

    [Fact]
    public async Task What_was_done_is_told_with_who_did_it_and_what_it_was_before()
    {
        var me = Seed.Id((await host.Api.GetAsync("/auth/me")).Ok());
        var created = await host.Api.SendAsync(HttpMethod.Post, "/customers", Json(new { name = "Before", currency = "USD", email = "a@example.com" }), ("X-Request-Id", "audit-request-1"));
        var id = Seed.Id(created.Ok(201));
        (await host.Api.PatchAsync($"/customers/{id}", new { name = "After" })).Ok();
        (await host.Api.DeleteAsync($"/customers/{id}")).Ok();

        var entries = (await host.Api.GetAsync($"/admin/audit?object={id}")).Ok().EnumerateArray().ToList();
        entries.Select(entry => entry.GetProperty("action").GetString()).ShouldBe(["customer.archived", "customer.updated", "customer.created"]);
        entries.ShouldAllBe(entry => entry.GetProperty("actor").GetString() == me);
        entries[2].GetProperty("request_id").GetString().ShouldBe("audit-request-1");
        entries[2].GetProperty("before").ValueKind.ShouldBe(JsonValueKind.Null);
        entries[2].GetProperty("after").GetProperty("email").GetString().ShouldBe("a@example.com");
        entries[1].GetProperty("before").GetRawText().ShouldBe("""{"name":"Before"}""");
        entries[1].GetProperty("after").GetRawText().ShouldBe("""{"name":"After"}""");
        (await host.Api.GetAsync($"/admin/audit?object={id}&action=customer.updated")).Ok().GetArrayLength().ShouldBe(1);
        (await host.Api.GetAsync($"/admin/audit?object={id}&actor=nobody")).Ok().GetArrayLength().ShouldBe(0);
        (await host.Api.GetAsync($"/admin/audit?object={id}&to=2020-01-01T00:00:00Z")).Ok().GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_refused_request_leaves_no_change_and_a_denied_one_is_told()
    {
        var support = await _people.AddAsync("support");
        var api = await _people.SignInAsync(support);
        (await api.PostAsync("/invoicing/invoices", new { })).ShouldFail(403, "AUTH_006");
        (await host.Api.PostAsync("/customers", new { name = "", currency = "USD" })).ShouldFail(400, "VAL_001", "name");
        var told = (await host.Api.GetAsync($"/admin/audit?actor={Seed.Id(support)}")).Ok().EnumerateArray().ToList();
        told.Select(entry => entry.GetProperty("action").GetString()).ShouldBe(["request.denied", "login.succeeded"]);
        told[0].GetProperty("object").GetString().ShouldBe("POST /api/v1/invoicing/invoices");
        told[0].GetProperty("after").GetRawText().ShouldContain("invoices:write");

        (await _people.LoginAsync(support, "wrong password")).ShouldFail(401, "AUTH_001");
        (await host.Api.GetAsync($"/admin/audit?actor={Seed.Id(support)}&action=login.failed")).Ok().GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Secrets_stand_nowhere_in_the_trail()
    {
        var user = (await host.Api.PostAsync("/admin/users", new { email = $"{Seed.Name("secret")}@example.com", name = "Secret" })).Ok(201);
        var reset = user.GetProperty("reset_token").GetString()!;
        (await host.Nobody.PostAsync("/auth/password/reset", new { token = reset, new_password = "seeded-password-1" })).Ok();
        var key = (await host.Api.PostAsync("/admin/api-keys", new { name = "Secret", scopes = new[] { "usage:write" } })).Ok(201);
        var text = key.GetProperty("key").GetString()!;
        var trail = string.Join('\n', (await ExportAsync(host, await host.TokenAsync())).Select(line => line.GetRawText()));
        trail.ShouldContain(Seed.Id(key));
        foreach (var secret in new[] { reset.Split('.')[2], "seeded-password-1", text, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text))), Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(reset.Split('.')[2]))) })
        {
            trail.ShouldNotContain(secret);
        }

        (await host.Api.GetAsync($"/admin/audit?object={Seed.Id(user)}")).Ok().EnumerateArray().Last().GetProperty("after").GetProperty("password_hash").GetString().ShouldBe("***");
    }

    [Fact]
    public async Task The_chain_can_be_followed_by_anybody_and_is_whole_after_concurrent_changes()
    {
        var (_, owner) = await host.TenantAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => owner.PostAsync("/customers", new { name = $"Customer {number}", currency = "USD" })));
        var verified = (await owner.GetAsync("/admin/audit/verify")).Ok();
        verified.GetProperty("intact").GetBoolean().ShouldBeTrue();

        // The user that the operator added, the sign-in, and the twenty customers.
        verified.GetProperty("entries").GetInt64().ShouldBe(22);
        (await owner.GetAsync("/admin/audit?limit=5")).Ok().EnumerateArray().Select(entry => entry.GetProperty("sequence").GetInt64()).ShouldBe([22, 21, 20, 19, 18]);

        var hash = "";
        foreach (var line in await ExportAsync(host, owner.Token!))
        {
            hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{hash}\n{line.GetProperty("body").GetString()}")));
            line.GetProperty("hash").GetString().ShouldBe(hash);
        }

        hash.ShouldBe(verified.GetProperty("head").GetString());
    }

    [Fact]
    public async Task Things_are_found_by_what_a_person_types()
    {
        var name = Seed.Name("Searched");
        var customer = (await host.Api.PostAsync("/customers", new { name = $"{name} & Daughters", currency = "USD", external_id = $"ext-{name}" })).Ok(201);
        (await host.Api.PostAsync("/products", new { code = name, name = "Product" })).Ok(201);
        foreach (var (text, found) in new[] { (name, 2), (name.ToUpperInvariant() + " & d", 1), (Seed.Id(customer), 1), ($"ext-{name}", 1), (name + "zzz", 0) })
        {
            (await host.Api.GetAsync($"/admin/search?q={Uri.EscapeDataString(text)}")).Ok().GetArrayLength().ShouldBe(found, text);
        }

        (await host.Api.GetAsync("/admin/search")).ShouldFail(400, "VAL_001", "q");
        var email = (await host.Api.GetAsync("/auth/me")).Ok().GetProperty("email").GetString();
        (await host.Api.GetAsync($"/admin/search?q={email}")).Ok()[0].GetProperty("type").GetString().ShouldBe("users");
        var (company, _) = await new PortalPeople(host, host.Api).AddAsync();
        var portal = (await host.Api.GetAsync($"/customers/{company}/portal-users")).Ok()[0];
        foreach (var word in new[] { Seed.Id(portal), portal.GetProperty("email").GetString()!, $"portal {portal.GetProperty("email").GetString()}" })
        {
            (await host.Api.GetAsync($"/admin/search?q={Uri.EscapeDataString(word)}")).Ok().EnumerateArray().Where(hit => hit.GetProperty("type").GetString() == "users").ShouldBeEmpty();
        }
        (await (await _people.SignedInAsync("support")).GetAsync($"/admin/search?q={email}")).Ok().GetArrayLength().ShouldBe(0);
        (await (await host.TenantAsync()).Owner.GetAsync($"/admin/search?q={name}")).Ok().GetArrayLength().ShouldBe(0);
    }

    private static async Task<List<JsonElement>> ExportAsync(HostFixture host, string token)
    {
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return [.. (await client.GetStringAsync(new Uri("/api/v1/admin/audit/export", UriKind.Relative), TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }

    private static StringContent Json(object body) => new(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
}
