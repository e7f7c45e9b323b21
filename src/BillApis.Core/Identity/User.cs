using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Identity;

/// <summary>A person of the tenant's own company who signs in.</summary>
internal sealed record User : IEntity<User>
{
    public UserId Id { get; init; } = EntityId.New<UserId>();

    public required TenantId Tenant { get; init; }

    /// <summary>What the person signs in with; see <see cref="Canonical"/>.</summary>
    public required string Email { get; init; }

    public required string Name { get; init; }

    /// <summary>The salted hash; never the password.</summary>
    public required string PasswordHash { get; init; }

    public ImmutableArray<string> Roles { get; init; } = [];

    public required Instant CreatedAt { get; init; }

    /// <summary>Since when the person may not sign in any more.</summary>
    public Instant? DisabledAt { get; init; }

    public long Version { get; init; }

    string IEntity<User>.Key => Id.ToString();

    string? IEntity<User>.Alias => Email;

    /// <summary>The one form of an address: two that differ only in letter case are the same person.</summary>
    public static string Canonical(string email) => email.Trim().ToLowerInvariant();

    public User WithVersion(long version) => this with { Version = version };
}
