using BillApis.AspNetCore;
using BillApis.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace BillApis.Host.Tests.Security;

/// <summary>One kind of credential of somebody who may do everything, and what it comes to at an operation.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Header">How it is sent.</param>
/// <param name="Expected">The refusal; null for being let in.</param>
internal sealed record CredentialKind(string Name, (string Name, string Value) Header, Func<Operation, int?> Expected);

/// <summary>Every kind of credential that is none, is not good any more, or is good somewhere else.</summary>
internal static class CredentialKinds
{
    private const string KeyHeader = "X-API-Key";
    private const string Authorization = "Authorization";

    public static async Task<List<CredentialKind>> AllAsync(HostFixture host)
    {
        var api = host.Api;
        var (customer, portal) = await new PortalPeople(host, api).AddAsync();
        var (live, old, rotated) = (await KeyAsync(api), await KeyAsync(api), await KeyAsync(api));
        var replaced = await TextAsync(api.PostAsync($"/admin/api-keys/{old.Id}/rotate", new { overlap_seconds = 0 }), 200);
        var second = await TextAsync(api.PostAsync($"/admin/api-keys/{rotated.Id}/rotate", new { overlap_seconds = 3600 }), 200);
        var (revoked, expired) = (await KeyAsync(api), await ExpiredAsync(host));
        (await api.DeleteAsync($"/admin/api-keys/{revoked.Id}")).Ok();
        var bound = await KeyAsync(api, new { name = "Bound", scopes = new[] { "*:*" }, client_certificate = new string('a', 64) });
        var elsewhere = await KeyAsync(api, new { name = "Elsewhere", scopes = new[] { "*:*" }, allowed_networks = new[] { "192.0.2.0/24" } });
        var customers = await KeyAsync(api, new { name = "Customer's", scopes = new[] { "*:*" }, customer_id = customer });
        var own = await KeyAsync(portal, new { name = "Own" }, "/portal/api-keys");
        var one = await KeyAsync(portal, new { name = "One", scopes = new[] { "invoices:read" } }, "/portal/api-keys");
        var gone = await KeyAsync(portal, new { name = "Gone" }, "/portal/api-keys");
        (await portal.DeleteAsync($"/portal/api-keys/{gone.Id}")).Ok();
        return
        [
            Nobody("nothing", ("X-None", "x")),
            Nobody("a token of nonsense", (Authorization, "Bearer nonsense")),
            Nobody("an empty token", (Authorization, "Bearer ")),
            Nobody("a name and password", (Authorization, "Basic YTpi")),
            Nobody("a token whose signature is cut off", (Authorization, $"Bearer {api.Token![..^4]}")),
            Nobody("a token without a signature", (Authorization, $"Bearer {Unsigned(api.Token!)}")),
            Nobody("an expired token", (Authorization, $"Bearer {await TokenAsync(host, Realm.Admin, "admin", TimeSpan.FromHours(-1))}")),
            Nobody("a token of the admin realm, signed with the portal's key", (Authorization, $"Bearer {await TokenAsync(host, Realm.Portal, "admin", TimeSpan.FromHours(1))}")),
            Nobody("a token of the portal realm, signed with the admins' key", (Authorization, $"Bearer {await TokenAsync(host, Realm.Admin, "portal", TimeSpan.FromHours(1))}")),
            Nobody("the token of a user who was disabled", (Authorization, $"Bearer {await DisabledAsync(host)}")),
            Nobody("a key of nonsense", (KeyHeader, "bk_live_nonsense")),
            Nobody("a key in the other mode", (KeyHeader, live.Text.Replace("bk_live_", "bk_test_", StringComparison.Ordinal))),
            Nobody("a key as a token", (Authorization, $"Bearer {live.Text}")),
            Nobody("a revoked key", (KeyHeader, revoked.Text)),
            Nobody("an expired key", (KeyHeader, expired)),
            Nobody("the secret before a rotation without overlap", (KeyHeader, old.Text)),
            Nobody("a revoked key of the portal", (KeyHeader, gone.Text)),
            Nobody("a token and a key", (Authorization, $"{Authorization}: Bearer {api.Token}\n{KeyHeader}: {live.Text}")),
            new("a good token of the admin realm", (Authorization, $"Bearer {await TokenAsync(host, Realm.Admin, "admin", TimeSpan.FromHours(1))}"), operation => operation.IsForPortal ? 401 : null),
            new("a token of the portal realm", (Authorization, $"Bearer {portal.Token}"), operation => operation.IsForPortal ? null : 401),
            AdminKey("a live key", live.Text),
            AdminKey("a test key", (await KeyAsync(api, new { name = "Test", scopes = new[] { "*:*" }, mode = "test" })).Text),
            AdminKey("the secret after a rotation", replaced),
            AdminKey("the secret before a rotation, within the overlap", rotated.Text),
            AdminKey("the secret after a rotation, within the overlap", second),
            AdminKey("the tenant's own key of a customer", customers.Text),
            new("a key outside of its network", (KeyHeader, elsewhere.Text), operation => operation.IsForPortal ? 401 : 403),
            new("a key without its certificate", (KeyHeader, bound.Text), operation => operation.IsForPortal ? 401 : 403),
            new("a customer's key", (KeyHeader, own.Text), operation => !operation.IsForPortal ? 401 : operation.Permission is null ? 403 : null),
            new("a customer's key of one scope", (KeyHeader, one.Text), operation => !operation.IsForPortal ? 401 : operation.Permission == "invoices:read" ? null : 403),
        ];
    }

    private static CredentialKind Nobody(string name, (string Name, string Value) header) => new(name, header, _ => 401);

    // It may do everything but what takes a person.
    private static CredentialKind AdminKey(string name, string text) => new(name, (KeyHeader, text), operation => operation.IsForPortal ? 401 : operation.Permission is null ? 403 : null);

    private static async Task<(string Id, string Text)> KeyAsync(Api api, object? form = null, string path = "/admin/api-keys")
    {
        var made = (await api.PostAsync(path, form ?? new { name = "Key", scopes = new[] { "*:*" } })).Ok(201);
        return (Seed.Id(made), made.GetProperty("key").GetString()!);
    }

    private static async Task<string> TextAsync(Task<Answer> answer, int status) => (await answer).Ok(status).GetProperty("key").GetString()!;

    // Nobody can ask for one that has expired, so it is stored.
    private static async Task<string> ExpiredAsync(HostFixture host)
    {
        var id = EntityId.New<ApiKeyId>();
        var (text, now) = (ApiKeyText.New(ApiKeyMode.Live, id, TenantId.Default), RealTime.Now);
        var key = new ApiKey
        {
            Id = id, Tenant = TenantId.Default, Name = "Expired", Mode = ApiKeyMode.Live, Scopes = ["*:*"], Prefix = text.Prefix, SecretHash = RandomSecret.HashOf(text.Text), CreatedBy = "test",
            CreatedAt = now - NodaTime.Duration.FromHours(2), ExpiresAt = now - NodaTime.Duration.FromHours(1),
        };
        (await host.Services.GetRequiredService<IStore<ApiKey>>().SaveAsync(TenantId.Default, [key], [], TestContext.Current.CancellationToken)).ShouldBe(SaveResult.Saved);
        return text.Text;
    }

    private static async Task<string> DisabledAsync(HostFixture host)
    {
        var user = await new People(host).AddAsync("owner");
        var token = (await new People(host).SignInAsync(user)).Token!;
        (await host.Api.DeleteAsync($"/admin/users/{Seed.Id(user)}")).Ok();
        return token;
    }

    private static string Unsigned(string token) => $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{token.Split('.')[1]}.";

    /// <summary>A token of the administrator as the host makes them, but for what is asked for.</summary>
    private static async Task<string> TokenAsync(HostFixture host, Realm signer, string realm, TimeSpan ends)
    {
        var known = new JsonWebTokenHandler().ReadJsonWebToken(host.Api.Token);
        var (key, end) = (await host.Services.GetRequiredService<SigningKeys>().CurrentAsync(signer, TestContext.Current.CancellationToken), TimeProvider.System.GetUtcNow().UtcDateTime + ends);
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = $"billapis/{realm}", Audience = $"billapis/{realm}", IssuedAt = end.AddHours(-2), NotBefore = end.AddHours(-2), Expires = end,
            Claims = new Dictionary<string, object> { ["sub"] = known.Subject, ["tid"] = known.GetClaim("tid").Value, ["sid"] = known.GetClaim("sid").Value, ["realm"] = realm },
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.EcdsaSha256),
        });
    }
}
