using System.Collections.Immutable;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/portal/api-keys</c>: the keys of a customer, and those that its own people make, which read below <c>/portal</c> and nowhere else.</summary>
internal static class PortalKeyEndpoints
{
    private const string Kind = "API key";

    public static void MapPortalKeys(this IEndpointRouteBuilder portal)
    {
        var keys = portal.MapGroup("/api-keys");
        keys.MapPost("", CreateAsync).WithSummary("Make an API key that reads your company's things; the key itself is shown this once").WithMetadata(new SecretAnswer());
        keys.MapGet("", ListAsync).WithSummary("List your company's API keys, newest first");
        keys.MapGet("/{id}", GetAsync).WithSummary("Read one of your company's API keys; never the key itself");
        keys.MapDelete("/{id}", RevokeAsync).WithSummary("Revoke one of your company's API keys; it stays on record");
        keys.MapPost("/{id}/revoke", RevokeAsync).WithSummary("Revoke one of your company's API keys; the same as DELETE");
        keys.MapPost("/{id}/rotate", RotateAsync).WithSummary("Replace the secret of a key that your people made, shown this once; the old one stays good for the overlap").WithMetadata(new SecretAnswer());
    }

    internal static async Task<Created<NewApiKeyResponse>> CreateAsync(Body<PortalKeyRequest> body, Caller caller, ApiKeys keys, CancellationToken cancellationToken)
    {
        var sent = body.Value;
        var request = new ApiKeyRequest { Name = sent.Name, Scopes = sent.Scopes ?? [.. CustomerRights.All.Expand()], Mode = sent.Mode, AllowedNetworks = sent.AllowedNetworks, ExpiresAt = sent.ExpiresAt };
        var open = await keys.ListAsync(caller.Tenant, Own(caller, new StoreQuery { Limit = Limits.KeysPerCustomer }).With("revoked", "false"), cancellationToken).ConfigureAwait(false);
        if (open.Items.Count >= Limits.KeysPerCustomer)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"Your company has {Limits.KeysPerCustomer} API keys, and may have no more; revoke one first.");
        }

        var (key, text) = await keys.CreateAsync(caller, request, PortalEndpoints.Own(caller), Realm.Portal, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"portal/api-keys/{key.Id}", new NewApiKeyResponse(ApiKeyResponse.From(key), text));
    }

    internal static async Task<Page<ApiKeyResponse>> ListAsync(Query<Paging> query, Caller caller, ApiKeys keys, CancellationToken cancellationToken) =>
        (await keys.ListAsync(caller.Tenant, Own(caller, query.Value.ToStoreQuery()), cancellationToken).ConfigureAwait(false)).Select(ApiKeyResponse.From);

    internal static async Task<ApiKeyResponse> GetAsync(string id, Caller caller, ApiKeys keys, CancellationToken cancellationToken) =>
        ApiKeyResponse.From(await OwnAsync(id, caller, keys, cancellationToken).ConfigureAwait(false));

    internal static async Task<ApiKeyResponse> RevokeAsync(string id, Caller caller, ApiKeys keys, CancellationToken cancellationToken)
    {
        var key = await OwnAsync(id, caller, keys, cancellationToken).ConfigureAwait(false);
        return ApiKeyResponse.From(await keys.RevokeAsync(caller.Tenant, key.Id.ToString(), cancellationToken).ConfigureAwait(false));
    }

    internal static async Task<NewApiKeyResponse> RotateAsync(string id, Body<RotateRequest> body, Caller caller, ApiKeys keys, CancellationToken cancellationToken)
    {
        // The tenant's key sees more than the customer's things, whatever its scopes are called.
        var key = await OwnAsync(id, caller, keys, cancellationToken).ConfigureAwait(false);
        return key.Realm is Realm.Portal
            ? await ApiKeyEndpoints.RotateAsync(id, body, caller, keys, cancellationToken).ConfigureAwait(false)
            : throw new BillingException(BillingErrorCode.Forbidden, $"The API key '{key.Name}' was not made by your people; you may revoke it.");
    }

    private static StoreQuery Own(Caller caller, StoreQuery query) => query.With("customer_id", PortalEndpoints.Own(caller).ToString());

    private static async Task<ApiKey> OwnAsync(string id, Caller caller, ApiKeys keys, CancellationToken cancellationToken)
    {
        var key = await keys.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        return key.Customer == PortalEndpoints.Own(caller) ? key : throw BillingException.NotFound(Kind, id);
    }
}

internal sealed record PortalKeyRequest
{
    public required string Name { get; init; }

    /// <summary>Permissions like invoices:read, among those that the portal's GET operations need; all of them where nothing is said.</summary>
    public ImmutableArray<string>? Scopes { get; init; }
    public ApiKeyMode? Mode { get; init; }

    /// <summary>Addresses and networks that the key may be used from; anywhere where there are none.</summary>
    public ImmutableArray<string>? AllowedNetworks { get; init; }
    public Instant? ExpiresAt { get; init; }
}
