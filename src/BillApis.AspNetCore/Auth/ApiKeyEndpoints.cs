using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/api-keys</c>: the credentials of programs.</summary>
internal static class ApiKeyEndpoints
{
    private static readonly Duration DefaultOverlap = Duration.FromHours(24);
    private static readonly Duration MostOverlap = Duration.FromDays(30);

    public static void MapApiKeys(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/admin/api-keys").WithTags("Admin").Requires("api-keys");
        keys.MapPost("", CreateAsync).WithSummary("Create an API key; the key itself is shown this once. Its scopes are permissions that its creator has").WithMetadata(new SecretAnswer());
        keys.MapGet("", ListAsync).WithSummary("List the API keys, newest first");
        keys.MapGet("/{id}", GetAsync).WithSummary("Read one API key; never the key itself");
        keys.MapPatch("/{id}", ChangeAsync).WithSummary("Change some fields of an API key");
        keys.MapDelete("/{id}", RevokeAsync).WithSummary("Revoke an API key; it stays on record");
        keys.MapPost("/{id}/revoke", RevokeAsync).WithSummary("Revoke an API key; the same as DELETE");
        keys.MapPost("/{id}/rotate", RotateAsync).WithSummary("Replace the secret of an API key, shown this once; the old one stays good for the overlap").WithMetadata(new SecretAnswer());
    }

    internal static async Task<Created<NewApiKeyResponse>> CreateAsync(Body<ApiKeyRequest> body, Caller caller, ApiKeys keys, Billing billing, CancellationToken cancellationToken)
    {
        var customer = await References.CustomerAsync(billing, caller.Tenant, body.Value.CustomerId, cancellationToken).ConfigureAwait(false);
        var (key, text) = await keys.CreateAsync(caller, body.Value, customer?.Id, Realm.Admin, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"admin/api-keys/{key.Id}", new NewApiKeyResponse(ApiKeyResponse.From(key), text));
    }

    internal static async Task<Page<ApiKeyResponse>> ListAsync(Query<ApiKeyQuery> query, Caller caller, ApiKeys keys, Billing billing, CancellationToken cancellationToken)
    {
        var sent = query.Value;
        var customer = await References.CustomerAsync(billing, caller.Tenant, sent.CustomerId, cancellationToken).ConfigureAwait(false);
        var filter = sent.ToStoreQuery().With("customer_id", customer?.Id.ToString()).With("mode", Wire.Name(sent.Mode)).With("revoked", sent.Revoked is { } revoked ? revoked ? "true" : "false" : null);
        return (await keys.ListAsync(caller.Tenant, filter, cancellationToken).ConfigureAwait(false)).Select(ApiKeyResponse.From);
    }

    internal static async Task<ApiKeyResponse> GetAsync(string id, Caller caller, ApiKeys keys, CancellationToken cancellationToken) =>
        ApiKeyResponse.From(await keys.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<ApiKeyResponse> ChangeAsync(string id, Patch<ApiKeyChange> patch, Caller caller, ApiKeys keys, Billing billing, CancellationToken cancellationToken) =>
        ApiKeyResponse.From(await keys.ChangeAsync(
            caller,
            id,
            async key =>
            {
                var form = new ApiKeyChange { Name = key.Name, Scopes = key.Scopes, CustomerId = key.Customer?.ToString(), AllowedNetworks = key.AllowedNetworks, ClientCertificate = key.ClientCertificate, ExpiresAt = key.ExpiresAt };
                var sent = patch.Over(JsonSerializer.SerializeToNode(form, BillingJson.Options)!).Value;
                var customer = await References.CustomerAsync(billing, caller.Tenant, sent.CustomerId, cancellationToken).ConfigureAwait(false);
                return key with { Name = sent.Name, Scopes = sent.Scopes, Customer = customer?.Id, AllowedNetworks = sent.AllowedNetworks ?? [], ClientCertificate = sent.ClientCertificate, ExpiresAt = sent.ExpiresAt };
            },
            cancellationToken).ConfigureAwait(false));

    internal static async Task<ApiKeyResponse> RevokeAsync(string id, Caller caller, ApiKeys keys, CancellationToken cancellationToken) =>
        ApiKeyResponse.From(await keys.RevokeAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<NewApiKeyResponse> RotateAsync(string id, Body<RotateRequest> body, Caller caller, ApiKeys keys, CancellationToken cancellationToken)
    {
        var seconds = body.Value.OverlapSeconds ?? (int)DefaultOverlap.TotalSeconds;
        Check.Range("overlap_seconds", seconds, 0, (int)MostOverlap.TotalSeconds);
        var (key, text) = await keys.RotateAsync(caller, id, Duration.FromSeconds(seconds), cancellationToken).ConfigureAwait(false);
        return new NewApiKeyResponse(ApiKeyResponse.From(key), text);
    }
}

internal sealed record ApiKeyRequest
{
    public required string Name { get; init; }

    /// <summary>Permissions like usage:write.</summary>
    public required ImmutableArray<string> Scopes { get; init; }
    public ApiKeyMode? Mode { get; init; }

    /// <summary>Whose usage the key sends where an event names nobody.</summary>
    public string? CustomerId { get; init; }

    /// <summary>Addresses and networks that the key may be used from; anywhere where there are none.</summary>
    public ImmutableArray<string>? AllowedNetworks { get; init; }

    /// <summary>The SHA-256 fingerprint of the client certificate that the key may be used with alone, where the server asks for one (mutual TLS).</summary>
    public string? ClientCertificate { get; init; }
    public Instant? ExpiresAt { get; init; }
}

internal sealed record ApiKeyChange
{
    public required string Name { get; init; }
    public required ImmutableArray<string> Scopes { get; init; }
    public string? CustomerId { get; init; }
    public ImmutableArray<string>? AllowedNetworks { get; init; }

    /// <summary>The SHA-256 fingerprint of the client certificate that the key may be used with alone, where the server asks for one (mutual TLS).</summary>
    public string? ClientCertificate { get; init; }
    public Instant? ExpiresAt { get; init; }
}

internal sealed record ApiKeyQuery : Paging
{
    public string? CustomerId { get; init; }
    public ApiKeyMode? Mode { get; init; }
    public bool? Revoked { get; init; }
}

internal sealed record RotateRequest
{
    /// <summary>How long the old secret stays good: a day where nothing is said.</summary>
    public int? OverlapSeconds { get; init; }
}
