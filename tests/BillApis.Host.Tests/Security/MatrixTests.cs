using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace BillApis.Host.Tests.Security;

/// <summary>Every route, by every role, with every kind of credential, in the operator's tenant and in another: who gets in is what the tables below say.</summary>
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
    public async Task Who_gets_in_is_what_the_tables_say()
    {
        await using var host = new HostFixture();
        await host.InitializeAsync();
        using var client = host.CreateClient();
        var operations = (await Operation.AllAsync(client)).Where(operation => !operation.IsOpen).ToList();
        operations.Count.ShouldBeGreaterThan(200);
        operations.Count(operation => operation.IsForPortal && operation.Permission is not null).ShouldBeGreaterThan(10);
        var (_, owner) = await host.TenantAsync();
        var calls = new List<Call>();
        foreach (var (tenant, administrator) in new[] { ("the operator's", host.Api), ("another", owner) })
        {
            foreach (var role in Roles)
            {
                var (token, key) = await OfRoleAsync(host, administrator, role);
                foreach (var operation in operations)
                {
                    var allowed = operation.Permission is not { } permission || (Allows(role, permission) && (tenant == "the operator's" || !operation.IsForOperator));
                    calls.Add(new Call(operation, $"{role} in {tenant} tenant, token", ("Authorization", $"Bearer {token}"), operation.IsForPortal ? 401 : allowed ? null : 403));
                    if (key is not null)
                    {
                        calls.Add(new Call(operation, $"{role} in {tenant} tenant, key", ("X-API-Key", key), operation.IsForPortal ? 401 : allowed && operation.Permission is not null ? null : 403));
                    }
                }
            }
        }

        calls.AddRange(await ByScopeAsync(host, operations));
        foreach (var kind in await CredentialKinds.AllAsync(host))
        {
            calls.AddRange(operations.Select(operation => new Call(operation, kind.Name, kind.Header, kind.Expected(operation))));
        }

        // Signing out ends the token that it is done with, so it comes last.
        var wrong = new ConcurrentBag<string>();
        foreach (var part in calls.GroupBy(call => call.Operation.Path.EndsWith("/auth/logout", StringComparison.Ordinal)).OrderBy(part => part.Key))
        {
            await Parallel.ForEachAsync(part, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken }, async (call, _) => await CheckAsync(client, wrong, call));
        }

        wrong.Order(StringComparer.Ordinal).ShouldBeEmpty($"of {calls.Count} calls");
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
    private static async Task<(string Token, string? Key)> OfRoleAsync(HostFixture host, Api administrator, string role)
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

    // Each operation with a key that has its permission alone, and with one that has every other.
    private static async Task<List<Call>> ByScopeAsync(HostFixture host, List<Operation> operations)
    {
        var (calls, all) = (new List<Call>(), (await host.Api.GetAsync("/admin/roles/owner")).Ok().GetProperty("permissions").EnumerateArray().Select(scope => scope.GetString()!).ToList());
        foreach (var permission in operations.Where(operation => !operation.IsForPortal).GroupBy(operation => operation.Permission).Where(group => group.Key is not null))
        {
            var only = (await host.Api.PostAsync("/admin/api-keys", new { name = "Only", scopes = new[] { permission.Key } })).Ok(201).GetProperty("key").GetString()!;
            var other = (await host.Api.PostAsync("/admin/api-keys", new { name = "Other", scopes = all.Where(scope => scope != permission.Key) })).Ok(201).GetProperty("key").GetString()!;
            calls.AddRange(permission.Select(operation => new Call(operation, $"a key with {permission.Key} alone", ("X-API-Key", only), null)));
            calls.AddRange(permission.Select(operation => new Call(operation, $"a key with all but {permission.Key}", ("X-API-Key", other), 403)));
        }

        return calls;
    }

    private static async Task CheckAsync(HttpClient client, ConcurrentBag<string> wrong, Call call)
    {
        using var request = new HttpRequestMessage(call.Operation.Method, new Uri($"/api/v1{call.Operation.At(Unknown)}", UriKind.Relative));
        foreach (var line in call.Header.Value.Split('\n'))
        {
            var (name, value) = line.Split(": ") is [var own, var rest] ? (own, rest) : (call.Header.Name, line);
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        if (call.Operation.Method != HttpMethod.Get)
        {
            request.Content = new StringContent("""{"nonsense":1}""", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var status = (int)response.StatusCode;
        var isRight = call.Refusal is { } expected
            ? status == expected && JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("error").GetProperty("code").GetString() == (expected == 401 ? "AUTH_001" : "AUTH_006")
            : status is not (401 or 403 or >= 500);
        if (!isRight)
        {
            wrong.Add($"{call.Operation} by {call.Who}: {status}, and not {(call.Refusal is { } code ? code : "let in")}");
        }
    }

    /// <summary>One operation with one credential, and the refusal that must follow; null for being let in.</summary>
    private sealed record Call(Operation Operation, string Who, (string Name, string Value) Header, int? Refusal);
}
