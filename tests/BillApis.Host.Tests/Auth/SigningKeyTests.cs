using System.Buffers.Text;
using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>Signing keys are replaced while tokens of the ones before stay good for a while, and revoked where one became known.</summary>
public sealed class SigningKeyTests(HostFixture host)
{
    [Fact]
    public async Task A_new_key_signs_and_the_old_one_is_still_published_and_good()
    {
        var before = await host.TokenAsync();
        var created = (await host.Api.PostAsync("/admin/signing-keys/rotate", new { realm = "admin" })).Ok(201);
        var after = await host.TokenAsync();
        Kid(after).ShouldBe(Seed.Id(created));
        Kid(before).ShouldNotBe(Seed.Id(created));
        (await new Api(host.CreateClient(), before).GetAsync("/auth/me")).Ok();
        (await new Api(host.CreateClient(), after).GetAsync("/auth/me")).Ok();
        (await PublishedAsync(host)).ShouldContain(Kid(before));
        (await PublishedAsync(host)).ShouldContain(Kid(after));
        (await host.Api.GetAsync("/admin/signing-keys")).Ok().EnumerateArray().Where(key => key.GetProperty("realm").GetString() == "admin").Select(Seed.Id).First().ShouldBe(Kid(after));
    }

    [Fact]
    public async Task Tokens_of_revoked_keys_end_at_once_and_those_of_the_other_realm_do_not()
    {
        await using var own = new HostFixture();
        await own.InitializeAsync();
        var customer = Seed.Id(await new Seed(own.Api).CustomerAsync());
        (await own.Api.PostAsync($"/customers/{customer}/portal-users", new { email = "ada@example.com", name = "Ada", password = People.Password })).Ok(201);
        var portal = new Api(own.CreateClient(), (await own.Nobody.PostAsync("/portal/auth/login", new { email = "ada@example.com", password = People.Password })).Ok().GetProperty("access_token").GetString());
        (await own.Api.PostAsync("/admin/signing-keys/rotate", new { realm = "admin", revoke_old = true })).Ok(201);
        (await own.Api.GetAsync("/auth/me")).ShouldFail(401, "AUTH_001");
        (await new Api(own.CreateClient(), await own.TokenAsync()).GetAsync("/auth/me")).Ok();
        (await portal.GetAsync("/portal/profile")).Ok();
        (await PublishedAsync(own)).ShouldNotContain(Kid(own.Api.Token!));
    }

    private static string Kid(string token) => JsonElement.Parse(Base64Url.DecodeFromChars(token.Split('.')[0])).GetProperty("kid").GetString()!;

    private static async Task<List<string>> PublishedAsync(HostFixture host)
    {
        using var client = host.CreateClient();
        var keys = JsonElement.Parse(await client.GetStringAsync(new Uri("/.well-known/jwks.json", UriKind.Relative), TestContext.Current.CancellationToken)).GetProperty("keys");
        return [.. keys.EnumerateArray().Select(key => key.GetProperty("kid").GetString()!)];
    }
}
