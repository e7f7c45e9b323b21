using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class JwksTests(HostFixture host)
{
    [Fact]
    public async Task An_access_token_is_checked_with_the_published_key_that_it_names()
    {
        using var client = host.CreateClient();
        var keys = JsonElement.Parse(await client.GetStringAsync(new Uri("/.well-known/jwks.json", UriKind.Relative), TestContext.Current.CancellationToken)).GetProperty("keys");
        var parts = (await host.TokenAsync()).Split('.');
        var kid = JsonElement.Parse(Base64Url.DecodeFromChars(parts[0])).GetProperty("kid").GetString();
        var key = keys.EnumerateArray().Single(item => item.GetProperty("kid").GetString() == kid);
        (key.GetProperty("kty").GetString(), key.GetProperty("crv").GetString(), key.GetProperty("alg").GetString(), key.GetProperty("use").GetString()).ShouldBe(("EC", "P-256", "ES256", "sig"));
        key.EnumerateObject().Select(field => field.Name).ShouldNotContain("d");

        using var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Coordinate(key, "x"), Y = Coordinate(key, "y") } });
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        ecdsa.VerifyData(signed, Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256).ShouldBeTrue();
        signed[^1] ^= 1;
        ecdsa.VerifyData(signed, Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256).ShouldBeFalse();
    }

    private static byte[] Coordinate(JsonElement key, string name) => Base64Url.DecodeFromChars(key.GetProperty(name).GetString());
}
