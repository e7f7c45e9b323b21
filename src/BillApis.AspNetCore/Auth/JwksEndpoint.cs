using System.Buffers.Text;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.IdentityModel.Tokens;

namespace BillApis.AspNetCore;

/// <summary><c>/.well-known/jwks.json</c>: what anybody can check access tokens with (RFC 7517).</summary>
internal static class JwksEndpoint
{
    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/.well-known/jwks.json", GetAsync).AllowAnonymous().ExcludeFromDescription().WithSecurityHeaders();

    private static async Task<IResult> GetAsync(SigningKeys keys, CancellationToken cancellationToken) =>
        TypedResults.Json(new JsonWebKeys([.. (await keys.ListAsync(cancellationToken).ConfigureAwait(false)).Select(key => Publish(keys, key))]), BillingJson.Options);

    private static PublishedKey Publish(SigningKeys keys, SigningKey key)
    {
        var point = keys.PublicOf(key).ExportParameters(includePrivateParameters: false).Q;
        return new PublishedKey("EC", "P-256", SecurityAlgorithms.EcdsaSha256, "sig", key.Id.ToString(), Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
    }
}

internal sealed record JsonWebKeys(IReadOnlyList<PublishedKey> Keys);

internal sealed record PublishedKey(string Kty, string Crv, string Alg, string Use, string Kid, string X, string Y);
