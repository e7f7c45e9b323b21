using System.Collections.Immutable;
using BillApis.Identity;
using NodaTime;

namespace BillApis.AspNetCore;

internal record ApiKeyResponse(
    ApiKeyId Id, string Prefix, string Name, Realm Realm, ApiKeyMode Mode, ImmutableArray<string> Scopes, CustomerId? CustomerId, ImmutableArray<string> AllowedNetworks, string? ClientCertificate,
    string CreatedBy, Instant CreatedAt, Instant? ExpiresAt, Instant? RevokedAt, Instant? LastUsedAt, string? LastUsedFrom, Instant? PreviousSecretUntil)
{
    public static ApiKeyResponse From(ApiKey key) => new(
        key.Id, key.Prefix, key.Name, key.Realm, key.Mode, key.Scopes, key.Customer, key.AllowedNetworks, key.ClientCertificate, key.CreatedBy, key.CreatedAt, key.ExpiresAt, key.RevokedAt, key.LastUsedAt, key.LastUsedFrom, key.PreviousUntil);
}

/// <summary>The answer that shows the key itself, this once.</summary>
internal sealed record NewApiKeyResponse : ApiKeyResponse
{
    public NewApiKeyResponse(ApiKeyResponse key, ApiKeyText text) : base(key) => Key = text.Text;

    public string Key { get; }
}
