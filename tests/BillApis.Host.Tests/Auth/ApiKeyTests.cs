using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace BillApis.Host.Tests;

public sealed class ApiKeyTests(HostFixture host)
{
    private const string Header = "X-API-Key";
    private readonly Seed _seed = new(host.Api);
    private readonly People _people = new(host);

    [Fact]
    public async Task A_key_is_shown_once_and_does_what_its_scopes_say()
    {
        var created = await CreateAsync(new { name = "Reader", scopes = new[] { "customers:read", "usage:*" } });
        var (id, key) = (Seed.Id(created), created.GetProperty("key").GetString()!);
        key.ShouldStartWith("bk_live_");
        (await WithAsync(key, HttpMethod.Get, "/customers")).Ok();
        (await WithAsync(key, HttpMethod.Get, "/usage/events")).Ok();
        (await WithAsync(key, HttpMethod.Post, "/customers")).ShouldFail(403, "AUTH_006");
        (await WithAsync(key, HttpMethod.Get, "/invoicing/invoices")).ShouldFail(403, "AUTH_006");
        (await WithAsync(key, HttpMethod.Get, "/auth/me")).ShouldFail(403, "AUTH_006");

        foreach (var answer in new[] { await host.Api.GetAsync($"/admin/api-keys/{id}"), await host.Api.GetAsync("/admin/api-keys?limit=500&revoked=false") })
        {
            answer.Ok();
            answer.Envelope.GetRawText().ShouldNotContain(key);
            answer.Envelope.GetRawText().ShouldNotContain("hash");
            answer.Envelope.GetRawText().ShouldContain(key[..20]);
        }

        var used = (await host.Api.GetAsync($"/admin/api-keys/{id}")).Ok();
        used.GetProperty("last_used_at").ValueKind.ShouldBe(JsonValueKind.String);
        used.GetProperty("created_by").GetString().ShouldBe(Seed.Id((await host.Api.GetAsync("/auth/me")).Ok()));
    }

    [Fact]
    public async Task Anything_but_the_key_itself_is_AUTH_001()
    {
        var (key, other) = (await KeyAsync("customers:read"), await KeyAsync("customers:read"));
        foreach (var wrong in new[] { "nonsense", key.Replace(key[40], '!'), key + "x", key[..^1], key.ToUpperInvariant(), key.Replace("bk_live_", "bk_test_", StringComparison.Ordinal), key[..30] + other[30..], string.Concat(key.AsSpan(0, key.Length - 1), key[^1] == 'A' ? "B" : "A") })
        {
            (await WithAsync(wrong, HttpMethod.Get, "/customers")).ShouldFail(401, "AUTH_001");
        }

        (await host.Api.SendAsync(HttpMethod.Get, "/customers", null, (Header, key))).ShouldFail(401, "AUTH_001");
        (await host.Nobody.SendAsync(HttpMethod.Get, "/customers", null, ("Authorization", $"Bearer {key}"))).ShouldFail(401, "AUTH_001");
    }

    [Fact]
    public async Task A_rotated_key_is_good_beside_the_new_one_for_the_overlap_only()
    {
        var created = await CreateAsync(new { name = "Rotated", scopes = new[] { "customers:read" }, mode = "test" });
        var first = created.GetProperty("key").GetString()!;
        first.ShouldStartWith("bk_test_");
        var second = (await RotateAsync(created, 3600)).Ok().GetProperty("key").GetString()!;
        second.ShouldNotBe(first);
        (await WithAsync(first, HttpMethod.Get, "/customers")).Ok();
        (await WithAsync(second, HttpMethod.Get, "/customers")).Ok();

        var third = (await RotateAsync(created, 0)).Ok().GetProperty("key").GetString()!;
        (await WithAsync(first, HttpMethod.Get, "/customers")).ShouldFail(401, "AUTH_001");
        (await WithAsync(second, HttpMethod.Get, "/customers")).ShouldFail(401, "AUTH_001");
        (await WithAsync(third, HttpMethod.Get, "/customers")).Ok();
        (await RotateAsync(created, -1)).ShouldFail(400, "VAL_001", "overlap_seconds");
    }

    [Fact]
    public async Task A_revoked_key_ends_at_once()
    {
        var (created, other) = (await CreateAsync(new { name = "Revoked", scopes = new[] { "customers:read" } }), await CreateAsync(new { name = "Deleted", scopes = new[] { "customers:read" } }));
        var key = created.GetProperty("key").GetString()!;
        (await WithAsync(key, HttpMethod.Get, "/customers")).Ok();
        (await host.Api.PostAsync($"/admin/api-keys/{Seed.Id(created)}/revoke")).Ok();
        (await WithAsync(key, HttpMethod.Get, "/customers")).ShouldFail(401, "AUTH_001");
        (await RotateAsync(created, 0)).ShouldFail(409, "CON_001");
        (await host.Api.DeleteAsync($"/admin/api-keys/{Seed.Id(other)}")).Ok().GetProperty("revoked_at").ValueKind.ShouldBe(JsonValueKind.String);
        (await WithAsync(other.GetProperty("key").GetString()!, HttpMethod.Get, "/customers")).ShouldFail(401, "AUTH_001");
    }

    [Fact]
    public async Task A_key_may_do_no_more_than_who_makes_or_changes_it()
    {
        var developer = await _people.SignedInAsync("developer");
        (await developer.PostAsync("/admin/api-keys", new { name = "X", scopes = new[] { "usage:write", "invoices:write" } })).ShouldFail(403, "AUTH_006");
        (await developer.PostAsync("/admin/api-keys", new { name = "X", scopes = new[] { "*:*" } })).ShouldFail(403, "AUTH_006");
        var own = (await developer.PostAsync("/admin/api-keys", new { name = "X", scopes = new[] { "usage:write" } })).Ok(201);
        (await developer.PatchAsync($"/admin/api-keys/{Seed.Id(own)}", new { scopes = new[] { "invoices:write" } })).ShouldFail(403, "AUTH_006");
        var powerful = await CreateAsync(new { name = "Powerful", scopes = new[] { "invoices:write" } });
        (await developer.PostAsync($"/admin/api-keys/{Seed.Id(powerful)}/rotate", new { })).ShouldFail(403, "AUTH_006");

        var minter = await KeyAsync("api-keys:write", "usage:write");
        (await WithAsync(minter, HttpMethod.Post, "/admin/api-keys", new { name = "Child", scopes = new[] { "usage:write" } })).Ok(201);
        (await WithAsync(minter, HttpMethod.Post, "/admin/api-keys", new { name = "Child", scopes = new[] { "usage:read" } })).ShouldFail(403, "AUTH_006");
    }

    [Fact]
    public async Task What_cannot_be_is_refused_by_name()
    {
        (await host.Api.PostAsync("/admin/api-keys", new { name = "X", scopes = Array.Empty<string>() })).ShouldFail(400, "VAL_001", "scopes");
        (await host.Api.PostAsync("/admin/api-keys", new { name = "X", scopes = new[] { "usage" } })).ShouldFail(400, "VAL_001", "scopes[0]");
        (await host.Api.PostAsync("/admin/api-keys", new { name = "X", scopes = new[] { "usage:read" }, expires_at = "2020-01-01T00:00:00Z" })).ShouldFail(400, "VAL_001", "expires_at");
        foreach (var network in new[] { "here", "10.0.0.0/33", "", "10.0.0.0/-1" })
        {
            (await host.Api.PostAsync("/admin/api-keys", new { name = "X", scopes = new[] { "usage:read" }, allowed_networks = new[] { network } })).ShouldFail(400, "VAL_001", "allowed_networks[0]");
        }

        (await host.Api.PostAsync("/admin/api-keys", new { name = "X", scopes = new[] { "usage:read" }, customer_id = "nobody" })).ShouldFail(404, "RES_001");
        (await host.Api.GetAsync("/admin/api-keys/key_00000000000000000000000000")).ShouldFail(404, "RES_001");
    }

    [Theory]
    [InlineData("203.0.113.9", 200)]
    [InlineData("203.0.114.9", 403)]
    [InlineData("::ffff:203.0.113.200", 200)]
    [InlineData("2001:db8::1", 200)]
    [InlineData("2001:db9::1", 403)]
    [InlineData("198.51.100.7", 200)]
    [InlineData("198.51.100.8", 403)]
    [InlineData(null, 403)]
    public async Task A_key_is_good_from_its_networks_only(string? address, int status)
    {
        var created = await CreateAsync(new { name = "Networks", scopes = new[] { "customers:read" }, allowed_networks = new[] { "203.0.113.0/24", "2001:db8::/32", "198.51.100.7" } });
        var answer = await host.Server.SendAsync(context =>
        {
            (context.Request.Method, context.Request.Path, context.Connection.RemoteIpAddress) = ("GET", "/api/v1/customers", address is null ? null : IPAddress.Parse(address));
            context.Request.Headers[Header] = created.GetProperty("key").GetString();
        }, TestContext.Current.CancellationToken);
        answer.Response.StatusCode.ShouldBe(status);
    }

    [Fact]
    public async Task Usage_that_names_nobody_is_the_customers_that_the_key_belongs_to()
    {
        var (customer, other) = (await _seed.CustomerAsync(), await _seed.CustomerAsync());
        var type = Seed.Name("keyed");
        var metric = await _seed.MetricAsync(type);
        var created = await CreateAsync(new { name = "Acme's", scopes = new[] { "usage:write" }, customer_id = customer.GetProperty("external_id").GetString() });
        created.GetProperty("customer_id").GetString().ShouldBe(Seed.Id(customer));
        var key = created.GetProperty("key").GetString()!;
        (await WithAsync(key, HttpMethod.Post, "/usage/events", new { id = $"{type}-1", type, properties = new { tokens = 5 } })).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(1);
        (await WithAsync(key, HttpMethod.Post, "/usage/events", new { id = $"{type}-2", type, customer_id = Seed.Id(other), properties = new { tokens = 70 } })).Ok(202);
        (await UsedAsync(customer, metric)).ShouldBe(5m);
        (await UsedAsync(other, metric)).ShouldBe(70m);
        (await host.Api.GetAsync($"/admin/api-keys?customer_id={Seed.Id(customer)}")).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([Seed.Id(created)]);

        (await host.Api.PatchAsync($"/admin/api-keys/{Seed.Id(created)}", new { customer_id = Seed.Id(other) })).Ok();
        (await WithAsync(key, HttpMethod.Post, "/usage/events", new { id = $"{type}-3", type, properties = new { tokens = 8 } })).Ok(202);
        (await UsedAsync(other, metric)).ShouldBe(78m);
    }

    private async Task<decimal> UsedAsync(JsonElement customer, JsonElement metric) =>
        (await host.Api.GetAsync($"/usage/summary?customer_id={Seed.Id(customer)}&metric_id={Seed.Id(metric)}&from=2025-12-01T00:00:00Z&to=2036-01-01T00:00:00Z&window=none")).Ok()[0].GetProperty("value").GetDecimal();

    private async Task<JsonElement> CreateAsync(object body) => (await host.Api.PostAsync("/admin/api-keys", body)).Ok(201);

    private async Task<string> KeyAsync(params string[] scopes) => (await CreateAsync(new { name = "Key", scopes })).GetProperty("key").GetString()!;

    private Task<Answer> RotateAsync(JsonElement key, int overlap) => host.Api.PostAsync($"/admin/api-keys/{Seed.Id(key)}/rotate", new { overlap_seconds = overlap });

    private Task<Answer> WithAsync(string key, HttpMethod method, string path, object? body = null) => host.Nobody.SendAsync(
        method, path, body is null ? null : new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json"), (Header, key));
}
