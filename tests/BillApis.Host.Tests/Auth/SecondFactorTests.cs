using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>A second factor for who wants one, with codes that this test works out by itself.</summary>
public sealed class SecondFactorTests(HostFixture host)
{
    private readonly People _people = new(host);

    [Fact]
    public async Task A_user_with_a_second_factor_signs_in_with_a_code_of_it_once_or_with_a_recovery_code_once()
    {
        var user = await _people.AddAsync("support");
        var api = await _people.SignInAsync(user);
        var begun = (await api.PostAsync("/auth/totp")).Ok();
        var secret = begun.GetProperty("secret").GetString()!;
        begun.GetProperty("uri").GetString()!.ShouldContain($"secret={secret}");

        // What is not confirmed asks for nothing yet.
        (await LoginAsync(user, null)).Ok();
        (await api.PostAsync("/auth/totp/confirm", new { totp_code = "000000x" })).ShouldFail(400, "VAL_001", "totp_code");
        var confirming = Code(secret, 0);
        var codes = (await api.PostAsync("/auth/totp/confirm", new { totp_code = confirming })).Ok().GetProperty("recovery_codes").EnumerateArray().Select(code => code.GetString()!).ToList();
        codes.Distinct().Count().ShouldBe(10);
        (await api.PostAsync("/auth/totp")).ShouldFail(409, "CON_001");

        (await LoginAsync(user, null)).ShouldFail(401, "AUTH_001", "totp_code");
        (await LoginAsync(user, confirming)).ShouldFail(401, "AUTH_001", "totp_code");
        var good = Code(secret, 1);
        (await LoginAsync(user, good)).Ok();
        (await LoginAsync(user, good)).ShouldFail(401, "AUTH_001", "totp_code");
        (await LoginAsync(user, codes[0])).Ok();
        (await LoginAsync(user, codes[0])).ShouldFail(401, "AUTH_001", "totp_code");
        (await host.Nobody.PostAsync("/auth/login", new { email = user.GetProperty("email").GetString(), password = "wrong password", totp_code = codes[1] })).Fields.ShouldBeEmpty("whoever does not know the password learns nothing of a second factor");

        var shown = (await host.Api.GetAsync($"/admin/users/{Seed.Id(user)}")).Envelope.GetRawText() + (await host.Api.GetAsync($"/admin/audit?object={Seed.Id(user)}")).Envelope.GetRawText();
        shown.ShouldNotContain(secret);
        shown.ShouldNotContain(codes[2]);
        (await api.PostAsync("/auth/totp/remove", new { totp_code = "wrong" })).ShouldFail(400, "VAL_001", "totp_code");
        (await api.PostAsync("/auth/totp/remove", new { totp_code = codes[1] })).Ok();
        (await LoginAsync(user, null)).Ok();
    }

    [Fact]
    public async Task Whoever_took_a_session_does_not_guess_the_factor_away()
    {
        var user = await _people.AddAsync("support");
        var api = await _people.SignInAsync(user);
        var secret = (await api.PostAsync("/auth/totp")).Ok().GetProperty("secret").GetString()!;
        (await api.PostAsync("/auth/totp/confirm", new { totp_code = Code(secret, 0) })).Ok();
        var guesses = await Task.WhenAll(Enumerable.Range(0, 40).Select(guess => api.PostAsync("/auth/totp/remove", new { totp_code = $"x{guess:D5}" })));
        guesses.Count(answer => answer.Code == "VAL_001").ShouldBeInRange(10, 13);
        guesses.Count(answer => answer.Code == "RATE_001").ShouldBeInRange(27, 30);
        (await api.PostAsync("/auth/totp/remove", new { totp_code = Code(secret, 1) })).ShouldFail(429, "RATE_001");
    }

    [Fact]
    public async Task Portal_users_may_have_one_too()
    {
        var customer = Seed.Id(await new Seed(host.Api).CustomerAsync());
        var email = $"{Seed.Name("totp")}@example.com";
        (await host.Api.PostAsync($"/customers/{customer}/portal-users", new { email, name = "Ada", password = People.Password })).Ok(201);
        var api = new Api(host.CreateClient(), (await host.Nobody.PostAsync("/portal/auth/login", new { email, password = People.Password })).Ok().GetProperty("access_token").GetString());
        var secret = (await api.PostAsync("/portal/auth/totp")).Ok().GetProperty("secret").GetString()!;
        (await api.PostAsync("/portal/auth/totp/confirm", new { totp_code = Code(secret, 0) })).Ok();
        (await host.Nobody.PostAsync("/portal/auth/login", new { email, password = People.Password })).ShouldFail(401, "AUTH_001", "totp_code");
        (await api.PostAsync("/portal/auth/totp/remove", new { totp_code = Code(secret, 1) })).Ok();
    }

    private Task<Answer> LoginAsync(JsonElement user, string? code) =>
        host.Nobody.PostAsync("/auth/login", new { email = user.GetProperty("email").GetString(), password = People.Password, totp_code = code });

    // RFC 6238 once more, in other words than the host's.
    [SuppressMessage("Security", "CA5350", Justification = "What authenticator apps use.")]
    internal static string Code(string base32, int off)
    {
        var bits = string.Concat(base32.Select(letter => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var secret = Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(8 * i, 8), 2)).ToArray();
        var hash = HMACSHA1.HashData(secret, Convert.FromHexString(((TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30) + off).ToString("x16", System.Globalization.CultureInfo.InvariantCulture)));
        var place = hash[19] % 16;
        var number = ((hash[place] % 128) * 16_777_216) + (hash[place + 1] * 65_536) + (hash[place + 2] * 256) + hash[place + 3];
        return (number % 1_000_000).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
    }
}
