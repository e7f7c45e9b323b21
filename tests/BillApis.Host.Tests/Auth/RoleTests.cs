using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class RoleTests(HostFixture host)
{
    private readonly People _people = new(host);

    // Written by hand from what each role is for, not read from the code.
    [Theory]
    [InlineData("admin", "GET /customers:yes", "POST /customers:yes", "POST /admin/users:yes", "GET /admin/roles:yes", "POST /invoicing/invoices:yes", "POST /admin/roles:yes")]
    [InlineData("finance", "GET /customers:yes", "POST /customers:yes", "POST /admin/users:no", "GET /admin/users:no", "POST /invoicing/invoices:yes", "POST /credits/grants:yes", "POST /plans:no", "POST /usage/events:no", "GET /ledger/trial-balance:yes", "POST /subscriptions:no", "POST /tax-rates:yes")]
    [InlineData("support", "GET /customers:yes", "POST /customers:yes", "POST /subscriptions:yes", "GET /invoicing/invoices:yes", "POST /invoicing/invoices:no", "POST /credits/grants:no", "POST /plans:no", "GET /admin/roles:no")]
    [InlineData("developer", "GET /customers:yes", "POST /customers:no", "POST /plans:yes", "POST /metrics:yes", "POST /usage/events:yes", "POST /invoicing/invoices:no", "POST /invoicing/runs:no", "POST /pricing/calculate:yes", "GET /admin/users:no", "PATCH /admin/settings:no")]
    [InlineData("read-only", "GET /customers:yes", "GET /admin/users:yes", "GET /ledger/accounts:yes", "POST /customers:no", "POST /usage/events:no", "POST /pricing/calculate:yes", "PATCH /customers/x:no", "DELETE /customers/x:no", "POST /admin/roles:no")]
    [InlineData(null, "GET /customers:no", "GET /auth/me:yes", "POST /usage/events:no", "GET /admin/settings:no")]
    public async Task A_built_in_role_may_do_what_it_is_for(string? role, params string[] expected)
    {
        var api = await _people.SignedInAsync(role is null ? [] : [role]);
        foreach (var line in expected)
        {
            var (request, allowed) = (line.Split(':')[0].Split(' '), line.EndsWith(":yes", StringComparison.Ordinal));
            var answer = await api.SendTextAsync(new HttpMethod(request[0]), request[1], """{"nonsense":1}""", "application/json");
            (answer.Status != 403).ShouldBe(allowed, $"{role} {line}: {answer.Status}");
            if (!allowed)
            {
                answer.ShouldFail(403, "AUTH_006");
            }
        }
    }

    [Fact]
    public async Task A_role_of_the_tenants_own_gives_its_permissions_until_they_change()
    {
        var code = Seed.Name("auditor");
        var role = (await host.Api.PostAsync("/admin/roles", new { code, name = "Auditor", permissions = new[] { "invoices:read", "ledger:*" } })).Ok(201);
        var user = await _people.AddAsync(code);
        var api = await _people.SignInAsync(user);
        (await api.GetAsync("/invoicing/invoices")).Ok();
        (await api.GetAsync("/ledger/accounts")).Ok();
        (await api.GetAsync("/customers")).ShouldFail(403, "AUTH_006");

        (await host.Api.PatchAsync($"/admin/roles/{code}", new { permissions = new[] { "customers:read" } })).Ok().GetProperty("name").GetString().ShouldBe("Auditor");
        (await api.GetAsync("/customers")).Ok();
        (await api.GetAsync("/ledger/accounts")).ShouldFail(403, "AUTH_006");

        (await host.Api.DeleteAsync($"/admin/roles/{Seed.Id(role)}")).ShouldFail(409, "CON_001");
        (await host.Api.PatchAsync($"/admin/users/{Seed.Id(user)}", new { roles = Array.Empty<string>() })).Ok();
        (await host.Api.DeleteAsync($"/admin/roles/{Seed.Id(role)}")).Ok().GetProperty("archived_at").ValueKind.ShouldBe(JsonValueKind.String);
        (await host.Api.PatchAsync($"/admin/users/{Seed.Id(user)}", new { roles = new[] { code } })).ShouldFail(400, "VAL_001", "roles");
    }

    [Fact]
    public async Task Roles_are_listed_with_the_built_in_ones()
    {
        var code = Seed.Name("listed");
        (await host.Api.PostAsync("/admin/roles", new { code, name = "Listed", permissions = new[] { "plans:write" } })).Ok(201);
        var roles = (await host.Api.GetAsync("/admin/roles?limit=500")).Ok().EnumerateArray().ToDictionary(role => role.GetProperty("code").GetString()!);
        roles.Keys.ShouldContain(code);
        foreach (var builtIn in new[] { "owner", "admin", "finance", "support", "developer", "read-only" })
        {
            roles[builtIn].GetProperty("is_built_in").GetBoolean().ShouldBeTrue();
        }

        (await host.Api.GetAsync("/admin/roles/read-only")).Ok().GetProperty("permissions").EnumerateArray().ShouldAllBe(permission => permission.GetString()!.EndsWith(":read"));
        (await host.Api.GetAsync($"/admin/roles/{code}")).Ok().GetProperty("permissions")[0].GetString().ShouldBe("plans:write");
    }

    [Fact]
    public async Task What_cannot_be_is_refused_by_name()
    {
        var code = Seed.Name("refused");
        foreach (var permission in new[] { "invoices", "invoices:delete", "emperors:read", "invoices:read:write", "", ":", "*" })
        {
            (await host.Api.PostAsync("/admin/roles", new { code, name = "X", permissions = new[] { "plans:read", permission } })).ShouldFail(400, "VAL_001", "permissions[1]");
        }

        (await host.Api.PostAsync("/admin/roles", new { code, name = "X", permissions = Array.Empty<string>() })).ShouldFail(400, "VAL_001", "permissions");
        (await host.Api.PostAsync("/admin/roles", new { code = "owner", name = "X", permissions = new[] { "plans:read" } })).ShouldFail(400, "VAL_001", "code");
        (await host.Api.PatchAsync("/admin/roles/owner", new { name = "X" })).ShouldFail(409, "CON_001");
        (await host.Api.DeleteAsync("/admin/roles/admin")).ShouldFail(409, "CON_001");
        (await host.Api.GetAsync("/admin/roles/nobody")).ShouldFail(404, "RES_001");
    }

    [Fact]
    public async Task Nobody_makes_a_role_that_may_do_more_than_they_may_themselves()
    {
        var code = Seed.Name("keeper");
        (await host.Api.PostAsync("/admin/roles", new { code, name = "Keeper", permissions = new[] { "roles:*", "users:*", "plans:read" } })).Ok(201);
        var keeper = await _people.SignedInAsync(code);
        (await keeper.PostAsync("/admin/roles", new { code = Seed.Name("r"), name = "X", permissions = new[] { "plans:read", "users:read", "users:write" } })).Ok(201);
        (await keeper.PostAsync("/admin/roles", new { code = Seed.Name("r"), name = "X", permissions = new[] { "plans:*" } })).ShouldFail(403, "AUTH_006");
        (await keeper.PostAsync("/admin/roles", new { code = Seed.Name("r"), name = "X", permissions = new[] { "*:read" } })).ShouldFail(403, "AUTH_006");
        (await keeper.PatchAsync($"/admin/roles/{code}", new { permissions = new[] { "*:*" } })).ShouldFail(403, "AUTH_006");
        (await keeper.GetAsync("/plans")).Ok();
        (await keeper.GetAsync("/customers")).ShouldFail(403, "AUTH_006");
    }
}
