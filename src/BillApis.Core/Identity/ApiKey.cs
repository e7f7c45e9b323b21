using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NodaTime;

namespace BillApis.Identity;

/// <summary>A credential of a program.</summary>
internal sealed record ApiKey : IEntity<ApiKey>
{
    public required ApiKeyId Id { get; init; }

    public required TenantId Tenant { get; init; }

    public required string Name { get; init; }

    /// <summary>Who made it and where it is good: the tenant's own people, or those of the <see cref="Customer"/>, whose things alone it then sees.</summary>
    public Realm Realm { get; init; }

    public required ApiKeyMode Mode { get; init; }

    /// <summary>What it may do: permissions in their written form.</summary>
    public required ImmutableArray<string> Scopes { get; init; }

    /// <summary>The start of the key as its holder has it.</summary>
    public required string Prefix { get; init; }

    /// <summary>The hash of the whole key.</summary>
    public required string SecretHash { get; init; }

    /// <summary>The hash that the last rotation took the place of; see <see cref="PreviousUntil"/>.</summary>
    public string? PreviousHash { get; init; }

    public Instant? PreviousUntil { get; init; }

    /// <summary>Whose usage it sends where an event names nobody.</summary>
    public CustomerId? Customer { get; init; }

    /// <summary>Where it may be used from, like <c>10.0.0.0/8</c>; empty for anywhere.</summary>
    public ImmutableArray<string> AllowedNetworks { get; init; } = [];

    /// <summary>The SHA-256 fingerprint of the one client certificate that it may be used with, in lower-case hexadecimal; null for any or none.</summary>
    public string? ClientCertificate { get; init; }

    public required string CreatedBy { get; init; }

    public required Instant CreatedAt { get; init; }

    public Instant? ExpiresAt { get; init; }

    public Instant? RevokedAt { get; init; }

    /// <summary>To the minute.</summary>
    public Instant? LastUsedAt { get; init; }

    public string? LastUsedFrom { get; init; }

    public long Version { get; init; }

    string IEntity<ApiKey>.Key => Id.ToString();

    string? IEntity<ApiKey>.Alias => null;

    public ApiKey WithVersion(long version) => this with { Version = version };

    /// <summary>Whether this text is the key, now.</summary>
    public bool Opens(string text, Instant now)
    {
        var (isNewest, isPrevious) = (RandomSecret.Matches(text, SecretHash), RandomSecret.Matches(text, PreviousHash));
        return RevokedAt is null && !(ExpiresAt <= now) && (isNewest || (isPrevious && now < PreviousUntil));
    }

    public bool Admits(IPAddress? address) =>
        AllowedNetworks.IsEmpty || (address is not null && AllowedNetworks.Any(network => Network(network)!.Value.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)));

    /// <summary>Whether a connection with this client certificate may use it; null for a connection without one.</summary>
    public bool Admits(X509Certificate2? certificate) =>
        ClientCertificate is null || (certificate is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(certificate.RawData), Convert.FromHexString(ClientCertificate)));

    /// <summary>With another secret; the one before stays good for a while.</summary>
    public ApiKey Rotated(ApiKeyText next, Instant now, Duration overlap) => this with
    {
        Prefix = next.Prefix,
        SecretHash = RandomSecret.HashOf(next.Text),
        PreviousHash = overlap > Duration.Zero ? SecretHash : null,
        PreviousUntil = overlap > Duration.Zero ? now + overlap : null,
    };

    public PermissionSet ToSet() => new(Scopes.Select((text, index) => Permission.Parse($"scopes[{index}]", text)));

    /// <summary>Refuses what makes a customer's own key good for more than that customer made it for.</summary>
    /// <exception cref="BillingException">A field does.</exception>
    public void MustNotWiden(ApiKey before)
    {
        var wider = Customer != before.Customer ? ("customer_id", "stays as it is")
            : !before.ToSet().Covers(ToSet()) ? ("scopes", $"must be among {string.Join(", ", before.Scopes)}")
            : !before.AllowedNetworks.IsEmpty && (AllowedNetworks.IsEmpty || !AllowedNetworks.All(network => before.AllowedNetworks.Any(wide => Contains(wide, network)))) ? ("allowed_networks", $"must lie within {string.Join(", ", before.AllowedNetworks)}")
            : before.ClientCertificate is not null && ClientCertificate != before.ClientCertificate ? ("client_certificate", "stays as it is")
            : before.ExpiresAt is { } end && !(ExpiresAt <= end) ? ("expires_at", $"must be {end} or before")
            : default((string Field, string Rule)?);
        if (wider is (var field, var rule))
        {
            throw BillingException.Field(field, $"{rule}: the key is that customer's own");
        }
    }

    /// <exception cref="BillingException">A field breaks a rule.</exception>
    public void Validate()
    {
        Check.Name("name", Name);
        if (Scopes.Length is 0 or > Limits.PermissionsPerRole)
        {
            throw BillingException.Field("scopes", $"must name 1 to {Limits.PermissionsPerRole} permissions");
        }

        if (Realm is Realm.Portal && !CustomerRights.All.Covers(ToSet()))
        {
            throw BillingException.Field("scopes", $"must be among {string.Join(", ", CustomerRights.All.Expand())}, since the key is a customer's own");
        }

        _ = ToSet();
        if (ClientCertificate is { } fingerprint && (fingerprint.Length != 2 * SHA256.HashSizeInBytes || !fingerprint.All(char.IsAsciiHexDigitLower)))
        {
            throw BillingException.Field("client_certificate", "must be the SHA-256 fingerprint of a certificate, as 64 hexadecimal digits in lower case");
        }

        if (AllowedNetworks.Length > Limits.NetworksPerKey)
        {
            throw BillingException.Field("allowed_networks", $"must name at most {Limits.NetworksPerKey} networks");
        }

        foreach (var (index, network) in AllowedNetworks.Index())
        {
            _ = Network(network) ?? throw BillingException.Field($"allowed_networks[{index}]", "must be an address like 192.0.2.7 or a network like 192.0.2.0/24 or 2001:db8::/32");
        }
    }

    private static bool Contains(string wide, string network) => (Network(wide), Network(network)) is ({ } outer, { } inner) && outer.PrefixLength <= inner.PrefixLength && outer.Contains(inner.BaseAddress);

    private static IPNetwork? Network(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}

/// <summary>What a key is for.</summary>
internal enum ApiKeyMode
{
    Live,
    Test,
}

/// <summary>An API key.</summary>
internal readonly record struct ApiKeyId(Guid Value) : IEntityId<ApiKeyId>
{
    public static string Prefix => "key";

    public static ApiKeyId Of(Guid value) => new(value);

    public override string ToString() => EntityId.Format(this);
}
