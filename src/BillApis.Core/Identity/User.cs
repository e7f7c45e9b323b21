using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Identity;

/// <summary>A person who signs in: of the tenant's own company, or of one of its customers.</summary>
internal sealed record User : IEntity<User>
{
    public UserId Id { get; init; } = EntityId.New<UserId>();

    public required TenantId Tenant { get; init; }

    /// <summary>The customer whose things a portal user sees; null for the tenant's own people.</summary>
    public CustomerId? Customer { get; init; }

    /// <summary>What the person signs in with; see <see cref="Canonical"/>.</summary>
    public required string Email { get; init; }

    public required string Name { get; init; }

    /// <summary>The salted hash; never the password.</summary>
    public required string PasswordHash { get; init; }

    /// <summary>The codes of built-in roles and of the tenant's own.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>The hash of the secret that a new password may be set with, once; see <see cref="ResetExpiresAt"/>.</summary>
    public string? ResetHash { get; init; }

    public Instant? ResetExpiresAt { get; init; }

    /// <summary>What signing in takes beside the password, for who wants that.</summary>
    public SecondFactor? SecondFactor { get; init; }

    public required Instant CreatedAt { get; init; }

    /// <summary>Since when the person may not sign in any more.</summary>
    public Instant? DisabledAt { get; init; }

    public long Version { get; init; }

    string IEntity<User>.Key => Id.ToString();

    string? IEntity<User>.Alias => Login.NameOf(Realm, Email);

    [JsonIgnore]
    public Realm Realm => Customer is null ? Realm.Admin : Realm.Portal;

    /// <summary>The one form of an address: two that differ only in letter case are the same person.</summary>
    public static string Canonical(string email) => email.Trim().ToLowerInvariant();

    public User WithVersion(long version) => this with { Version = version };

    public bool IsOwner => DisabledAt is null && Roles.Contains(BuiltInRoles.Owner);

    /// <summary>With another password; what a reset was begun with is used up.</summary>
    public User WithPassword(string passwordHash) => this with { PasswordHash = passwordHash, ResetHash = null, ResetExpiresAt = null };

    /// <exception cref="BillingException">Nobody can have an address as long as this one.</exception>
    public static void CheckLength(string email)
    {
        if (email.Length > Limits.EmailLength)
        {
            throw BillingException.Field("email", $"must have at most {Limits.EmailLength} characters");
        }
    }

    /// <exception cref="BillingException">A field breaks a rule.</exception>
    public void Validate()
    {
        CheckLength(Email);
        Check.Code("email", Email);
        if (Email.Split('@') is not [{ Length: > 0 }, { Length: > 0 }])
        {
            throw BillingException.Field("email", "must be an e-mail address like ada@example.com");
        }

        Check.Name("name", Name);
        if (Roles.Length > Limits.RolesPerUser || Roles.Distinct().Count() != Roles.Length)
        {
            throw BillingException.Field("roles", $"must name at most {Limits.RolesPerUser} roles, each once");
        }
    }
}
