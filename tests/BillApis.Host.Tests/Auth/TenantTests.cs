using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace BillApis.Host.Tests;

public sealed class TenantTests(HostFixture host)
{
    private readonly Seed _seed = new(host.Api);
    private readonly People _people = new(host);

    [Fact]
    public async Task A_tenant_has_people_keys_and_things_of_its_own()
    {
        var (tenant, owner) = await host.TenantAsync();
        (await owner.GetAsync("/auth/me")).Ok().GetProperty("tenant_id").GetString().ShouldBe(Seed.Id(tenant));
        (await owner.GetAsync("/customers")).Ok().GetArrayLength().ShouldBe(0);
        var mine = (await owner.PostAsync("/customers", new { name = "Acme", currency = "USD", external_id = "acme" })).Ok(201);
        (await host.Api.GetAsync($"/customers/{Seed.Id(mine)}")).ShouldFail(404, "RES_001");
        var theirs = await _seed.CustomerAsync();
        (await owner.GetAsync($"/customers/{Seed.Id(theirs)}")).ShouldFail(404, "RES_001");

        var key = (await owner.PostAsync("/admin/api-keys", new { name = "Key", scopes = new[] { "customers:read" } })).Ok(201).GetProperty("key").GetString()!;
        (await host.Nobody.SendAsync(HttpMethod.Get, "/customers", null, ("X-API-Key", key))).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([Seed.Id(mine)]);
        (await owner.GetAsync("/admin/users")).Ok().GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Only_the_operator_makes_and_closes_tenants()
    {
        var (tenant, owner) = await host.TenantAsync();
        var (other, _) = await host.TenantAsync();
        (await owner.PostAsync("/admin/tenants", new { name = "X" })).ShouldFail(403, "AUTH_006");
        (await owner.PostAsync($"/admin/tenants/{Seed.Id(other)}/suspend")).ShouldFail(403, "AUTH_006");
        (await owner.PostAsync($"/admin/tenants/{Seed.Id(other)}/users", new { email = "x@example.com", name = "X" })).ShouldFail(403, "AUTH_006");
        (await owner.PostAsync("/admin/test-clock", new { now = "2100-01-01T00:00:00Z" })).ShouldFail(403, "AUTH_006");
        (await owner.GetAsync($"/admin/tenants/{Seed.Id(other)}")).ShouldFail(404, "RES_001");
        (await owner.GetAsync($"/admin/tenants/{Seed.Id(tenant)}")).Ok().GetProperty("status").GetString().ShouldBe("active");
        (await owner.GetAsync("/admin/tenants")).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([Seed.Id(tenant)]);
        var all = (await host.Api.GetAsync("/admin/tenants?limit=500")).Ok().EnumerateArray().Select(Seed.Id).ToList();
        all.ShouldContain(Seed.Id(tenant));
        all.ShouldContain(Seed.Id(other));
        all.ShouldContain((await host.Api.GetAsync("/auth/me")).Ok().GetProperty("tenant_id").GetString());
        (await host.Api.PatchAsync($"/admin/tenants/{Seed.Id(tenant)}", new { name = "Renamed" })).Ok().GetProperty("name").GetString().ShouldBe("Renamed");
    }

    [Fact]
    public async Task Nobody_of_a_suspended_tenant_gets_in_until_it_is_resumed()
    {
        var (tenant, owner) = await host.TenantAsync();
        var user = (await owner.GetAsync("/auth/me")).Ok();
        var refresh = (await _people.LoginAsync(user)).Ok().GetProperty("refresh_token").GetString();
        var key = (await owner.PostAsync("/admin/api-keys", new { name = "Key", scopes = new[] { "customers:read" } })).Ok(201).GetProperty("key").GetString()!;
        (await host.Api.PostAsync($"/admin/tenants/{Seed.Id(tenant)}/suspend")).Ok().GetProperty("status").GetString().ShouldBe("suspended");
        foreach (var answer in new[]
        {
            await owner.GetAsync("/customers"),
            await host.Nobody.SendAsync(HttpMethod.Get, "/customers", null, ("X-API-Key", key)),
            await _people.LoginAsync(user),
            await host.Nobody.PostAsync("/auth/refresh", new { refresh_token = refresh }),
        })
        {
            answer.ShouldFail(403, "AUTH_006");
        }

        (await host.Api.PostAsync($"/admin/tenants/{Seed.Id(tenant)}/resume")).Ok();
        (await owner.GetAsync("/customers")).Ok();
        (await host.Nobody.PostAsync("/auth/refresh", new { refresh_token = refresh })).Ok();
    }

    [Fact]
    public async Task A_tenant_is_deleted_once_it_was_suspended_and_exported()
    {
        var (tenant, owner) = await host.TenantAsync();
        var type = Seed.Name("exported");
        (await owner.PostAsync("/customers", new { name = "Acme & Sons", currency = "USD", external_id = "acme" })).Ok(201);
        (await owner.PostAsync("/usage/events", new { id = "event-1", type, customer_id = "acme", properties = new { tokens = 7 } })).Ok(202);
        (await host.Api.DeleteAsync($"/admin/tenants/{Seed.Id(tenant)}")).ShouldFail(409, "CON_001");
        (await host.Api.PostAsync($"/admin/tenants/{Seed.Id(tenant)}/suspend")).Ok();
        (await host.Api.DeleteAsync($"/admin/tenants/{Seed.Id(tenant)}")).ShouldFail(409, "CON_001");

        var rows = await ExportAsync(tenant);
        rows.Single(row => row.GetProperty("table").GetString() == "billing_customer").GetProperty("row").GetProperty("name").GetString().ShouldBe("Acme & Sons");
        rows.Single(row => row.GetProperty("table").GetString() == "billing_usage_event").GetProperty("row").GetProperty("properties").GetProperty("tokens").GetInt32().ShouldBe(7);

        // The audit trail masks the hashes of secrets; the hash at its own head is no secret.
        rows.Where(row => row.GetProperty("table").GetString() != "billing_audit_head")
            .SelectMany(row => Regex.Matches(row.GetRawText(), "hash\"\\s*:\\s*\"([^\"]*)\"")).ShouldAllBe(hash => hash.Groups[1].Value == "***");

        (await host.Api.DeleteAsync($"/admin/tenants/{Seed.Id(tenant)}")).Ok().GetProperty("status").GetString().ShouldBe("deleted");
        (await owner.GetAsync("/customers")).ShouldFail(401, "AUTH_001");
        (await host.Api.PostAsync($"/admin/tenants/{Seed.Id(tenant)}/resume")).ShouldFail(409, "CON_001");
    }

    [Fact]
    public async Task The_operators_own_tenant_stays()
    {
        var own = (await host.Api.GetAsync("/auth/me")).Ok().GetProperty("tenant_id").GetString();
        (await host.Api.PostAsync($"/admin/tenants/{own}/suspend")).ShouldFail(409, "CON_001");
        (await host.Api.DeleteAsync($"/admin/tenants/{own}")).ShouldFail(409, "CON_001");
        (await host.Api.PostAsync("/admin/tenants", new { name = "" })).ShouldFail(400, "VAL_001", "name");
    }

    [Fact]
    public async Task An_address_belongs_to_one_user_of_one_tenant()
    {
        var (tenant, owner) = await host.TenantAsync();
        var email = (await owner.GetAsync("/auth/me")).Ok().GetProperty("email").GetString();
        (await host.Api.PostAsync("/admin/users", new { email, name = "Twin" })).ShouldFail(409, "CON_001");
        (await host.Api.PostAsync($"/admin/tenants/{Seed.Id(tenant)}/users", new { email = HostFixture.Email, name = "Twin" })).ShouldFail(409, "CON_001");
    }

    private async Task<List<JsonElement>> ExportAsync(JsonElement tenant)
    {
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await host.TokenAsync());
        using var answer = await client.GetAsync(new Uri($"/api/v1/admin/tenants/{Seed.Id(tenant)}/export", UriKind.Relative), TestContext.Current.CancellationToken);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/x-ndjson");
        return [.. (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }
}
