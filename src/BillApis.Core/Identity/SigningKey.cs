using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Identity;

/// <summary>A key that access tokens are signed with: every node checks with the public half, and only one that can decrypt the private half signs.</summary>
internal sealed record SigningKey : IEntity<SigningKey>
{
    public SigningKeyId Id { get; init; } = EntityId.New<SigningKeyId>();

    public TenantId Tenant { get; init; } = TenantId.Default;

    public Realm Realm { get; init; }

    /// <summary>The private half (PKCS 8), encrypted.</summary>
    public required string PrivateKey { get; init; }

    /// <summary>The public half (SubjectPublicKeyInfo), in base64.</summary>
    public required string PublicKey { get; init; }

    public required Instant CreatedAt { get; init; }

    /// <summary>From when it signs, where that is later than when it was made.</summary>
    public Instant? StartsAt { get; init; }

    /// <summary>Since when no token of it is good.</summary>
    public Instant? RevokedAt { get; init; }

    [JsonIgnore]
    public Instant SignsFrom => StartsAt ?? CreatedAt;

    public long Version { get; init; }

    string IEntity<SigningKey>.Key => Id.ToString();

    string? IEntity<SigningKey>.Alias => null;

    public SigningKey WithVersion(long version) => this with { Version = version };
}

/// <summary>The <c>kid</c> of a token.</summary>
internal readonly record struct SigningKeyId(Guid Value) : IEntityId<SigningKeyId>
{
    public static string Prefix => "sgk";

    public static SigningKeyId Of(Guid value) => new(value);

    public override string ToString() => EntityId.Format(this);
}
