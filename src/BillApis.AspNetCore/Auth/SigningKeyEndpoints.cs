using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/signing-keys</c>: what access tokens are signed with.</summary>
internal static class SigningKeyEndpoints
{
    public static void MapSigningKeys(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/admin/signing-keys").WithTags("Admin").Requires("tenants").ForOperator();
        keys.MapGet("", ListAsync).WithSummary("List the keys that access tokens are checked with; their public halves are at /.well-known/jwks.json");
        keys.MapPost("/rotate", RotateAsync).WithSummary("Sign a realm's tokens with a new key from now on; those of the old ones stay good for an hour, or end at once where they are revoked");
    }

    internal static async Task<Page<SigningKeyResponse>> ListAsync(SigningKeys keys, CancellationToken cancellationToken) =>
        new([.. (await keys.ListAsync(cancellationToken).ConfigureAwait(false)).Select(SigningKeyResponse.From)], null);

    internal static async Task<Created<SigningKeyResponse>> RotateAsync(Body<RotateSigningRequest> body, SigningKeys keys, CancellationToken cancellationToken)
    {
        var key = await keys.RotateAsync(body.Value.Realm, body.Value.RevokeOld, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"admin/signing-keys/{key.Id}", SigningKeyResponse.From(key));
    }
}

internal sealed record RotateSigningRequest
{
    public Realm Realm { get; init; }

    /// <summary>Whether everybody of the realm has to refresh or sign in again at once: for a key that became known.</summary>
    public bool RevokeOld { get; init; }
}

internal sealed record SigningKeyResponse(SigningKeyId Id, Realm Realm, Instant CreatedAt, Instant SignsFrom)
{
    public static SigningKeyResponse From(SigningKey key) => new(key.Id, key.Realm, key.CreatedAt, key.SignsFrom);
}
