using NodaTime;

namespace BillApis.Identity;

/// <summary>Which user an e-mail address signs in as: in each realm an address belongs to one user of one tenant.</summary>
internal sealed record Login : IEntity<Login>
{
    public LoginId Id { get; init; } = EntityId.New<LoginId>();

    public required string Email { get; init; }

    public Realm Realm { get; init; }

    /// <summary>The user's tenant.</summary>
    public required TenantId Home { get; init; }

    public required UserId User { get; init; }

    public required Instant CreatedAt { get; init; }

    public long Version { get; init; }

    TenantId IEntity<Login>.Tenant => TenantId.Default;

    string IEntity<Login>.Key => Id.ToString();

    string? IEntity<Login>.Alias => NameOf(Realm, Email);

    /// <summary>What a user of the realm is found by.</summary>
    public static string NameOf(Realm realm, string email) => realm is Realm.Admin ? email : $"portal {email}";

    public Login WithVersion(long version) => this with { Version = version };
}

/// <summary>The address of one user.</summary>
internal readonly record struct LoginId(Guid Value) : IEntityId<LoginId>
{
    public static string Prefix => "lgn";

    public static LoginId Of(Guid value) => new(value);

    public override string ToString() => EntityId.Format(this);
}
