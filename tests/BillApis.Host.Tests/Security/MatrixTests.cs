using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace BillApis.Host.Tests.Security;

/// <summary>Every route, by every role, with every kind of credential, in the operator's tenant and in another: who gets in is what the table below says.</summary>
public sealed class MatrixTests
{
    private const string Unknown = "none_00000000000000000000000000";

    // Written by hand from what each role is for; none of it is read from the code.
    private static readonly string[] Administrative = ["users", "roles", "api-keys", "tenants", "audit"];

    private static readonly Dictionary<string, string[]> Writes = new()
    {
        ["finance"] = ["customers", "legal-entities", "coupons", "tax-rates", "invoices", "credit-memos", "credits", "payments", "ledger"],
        ["support"] = ["customers", "subscriptions", "spend-control", "notifications"],
        ["developer"] = ["products", "metrics", "prices", "plans", "features", "usage", "entitlements", "webhooks", "orchestration", "test-clock", "api-keys"],
        ["read-only"] = [],
    };

    private static readonly string[] Roles = ["owner", "admin", "finance", "support", "developer", "read-only", "nothing"];

    [Fact]
    public async Task Who_gets_in_is_what_the_table_says()
    {
        await using var host = new HostFixture();
        await host.InitializeAsync();
        var operations = (await Operation.AllAsync(host.CreateClient())).Where(operation => !operation.IsOpen).ToList();
        operations.Count.ShouldBeGreaterThan(80);
        var (_, owner) = await host.TenantAsync();
        var wrong = new List<string>();
        foreach (var (tenant, administrator) in new[] { (true, host.Api), (false, owner) })
        {
            foreach (var role in Roles)
            {
                var (token, key) = await CredentialsAsync(host, administrator, role);
                foreach (var operation in operations)
                {
                    if (operation.IsForPortal)
                    {
                        await CheckAsync(host, wrong, role, operation, "token", ("Authorization", $"Bearer {token}"), 401);
                        continue;
                    }

                    var allowed = operation.Permission is not { } permission || (Allows(role, permission) && (tenant || !operation.IsForOperator));
                    await CheckAsync(host, wrong, $"{role} in {(tenant ? "the operator's" : "another")} tenant", operation, "token", ("Authorization", $"Bearer {token}"), allowed ? null : 403);
                    if (key is not null)
                    {
                        await CheckAsync(host, wrong, $"{role} in {(tenant ? "the operator's" : "another")} tenant", operation, "key", ("X-API-Key", key), allowed && operation.Permission is not null ? null : 403);
                    }
                }
            }
        }

        var portal = await PortalTokenAsync(host);
        foreach (var operation in operations)
        {
            await CheckAsync(host, wrong, "a portal user", operation, "token", ("Authorization", $"Bearer {portal}"), operation.IsForPortal ? null : 401);
            foreach (var (name, value) in new[] { ("X-None", "x"), ("Authorization", "Bearer nonsense"), ("Authorization", "Basic YTpi"), ("X-API-Key", "bk_live_nonsense") })
            {
                await CheckAsync(host, wrong, "nobody", operation, value, (name, value), 401);
            }
        }

        wrong.ShouldBeEmpty();
    }

    private static async Task<string> PortalTokenAsync(HostFixture host)
    {
        var customer = Seed.Id(await new Seed(host.Api).CustomerAsync());
        (await host.Api.PostAsync($"/customers/{customer}/portal-users", new { email = "matrix@example.com", name = "Matrix", password = People.Password })).Ok(201);
        return (await host.Nobody.PostAsync("/portal/auth/login", new { email = "matrix@example.com", password = People.Password })).Ok().GetProperty("access_token").GetString()!;
    }

    private static bool Allows(string role, string permission)
    {
        var (resource, isRead) = (permission.Split(':')[0], permission.EndsWith(":read", StringComparison.Ordinal));
        return role switch
        {
            "owner" => true,
            "nothing" => false,
            "admin" => isRead || resource != "tenants",
            "read-only" => isRead,
            _ => (isRead && (!Administrative.Contains(resource) || (role == "developer" && resource == "api-keys"))) || (!isRead && Writes[role].Contains(resource)),
        };
    }

    // A user with the role, and a key with what the role may do; nothing can have no key.
    private static async Task<(string Token, string? Key)> CredentialsAsync(HostFixture host, Api administrator, string role)
    {
        var user = new { email = $"{Seed.Name("matrix")}@example.com", name = "Matrix", roles = role == "nothing" ? [] : new[] { role }, password = People.Password };
        (await administrator.PostAsync("/admin/users", user)).Ok(201);
        var token = (await host.Nobody.PostAsync("/auth/login", new { user.email, user.password })).Ok().GetProperty("access_token").GetString()!;
        if (role == "nothing")
        {
            return (token, null);
        }

        var scopes = (await administrator.GetAsync($"/admin/roles/{role}")).Ok().GetProperty("permissions").EnumerateArray().Select(scope => scope.GetString()).ToArray();
        return (token, (await administrator.PostAsync("/admin/api-keys", new { name = role, scopes })).Ok(201).GetProperty("key").GetString());
    }

    private static async Task CheckAsync(HostFixture host, List<string> wrong, string who, Operation operation, string credential, (string Name, string Value) header, int? refusal)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(operation.Method, new Uri($"/api/v1{operation.At(Unknown)}", UriKind.Relative));
        request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        if (operation.Method != HttpMethod.Get)
        {
            request.Content = new StringContent("""{"nonsense":1}""", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var (status, isRight) = ((int)response.StatusCode, refusal is null ? (int)response.StatusCode is not (401 or 403 or 500) : (int)response.StatusCode == refusal);
        if (isRight && refusal is { } expected)
        {
            var code = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("error").GetProperty("code").GetString();
            isRight = code == (expected == 401 ? "AUTH_001" : "AUTH_006");
        }

        if (!isRight)
        {
            wrong.Add($"{operation} by {who} with {credential}: {status}, and not {(refusal is { } code ? code : "let in")}");
        }
    }
}
