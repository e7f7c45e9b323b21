using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/.well-known/jwks.json</c>: what anybody can check access tokens with (RFC 7517).</summary>
internal static class JwksEndpoint
{
    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/.well-known/jwks.json", GetAsync).AllowAnonymous().ExcludeFromDescription();

    private static async Task<IResult> GetAsync(SigningKeys keys, CancellationToken cancellationToken) =>
        TypedResults.Json(new JsonWebKeys(await keys.PublishedAsync(cancellationToken).ConfigureAwait(false)), BillingJson.Options);
}

internal sealed record JsonWebKeys(IReadOnlyList<PublishedKey> Keys);

internal sealed record PublishedKey(string Kty, string Crv, string Alg, string Use, string Kid, string X, string Y);
