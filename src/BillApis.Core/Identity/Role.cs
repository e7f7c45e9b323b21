using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Identity;

/// <summary>A role of the tenant's own, beside the <see cref="BuiltInRoles"/>.</summary>
internal sealed record Role : IEntity<Role>
{
    public RoleId Id { get; init; } = EntityId.New<RoleId>();

    public required TenantId Tenant { get; init; }

    /// <summary>What users and keys name it by; it never changes.</summary>
    public required string Code { get; init; }

    public required string Name { get; init; }

    /// <summary>In their written form.</summary>
    public required ImmutableArray<string> Permissions { get; init; }

    public required Instant CreatedAt { get; init; }

    /// <summary>When it was taken away: nobody has it any more.</summary>
    public Instant? ArchivedAt { get; init; }

    public long Version { get; init; }

    string IEntity<Role>.Key => Id.ToString();

    string? IEntity<Role>.Alias => Code;

    /// <summary>What those with the role may do.</summary>
    /// <exception cref="BillingException">One is no permission.</exception>
    public PermissionSet ToSet() => ArchivedAt is null ? new(Permissions.Select((text, index) => Permission.Parse($"permissions[{index}]", text))) : PermissionSet.None;

    public Role WithVersion(long version) => this with { Version = version };

    /// <exception cref="BillingException">A field breaks a rule.</exception>
    public void Validate()
    {
        Check.Code("code", Code);
        if (BuiltInRoles.All.ContainsKey(Code))
        {
            throw BillingException.Field("code", $"must be none of the built-in roles {string.Join(", ", BuiltInRoles.All.Keys)}");
        }

        Check.Name("name", Name);
        if (Permissions.Length is 0 or > Limits.PermissionsPerRole)
        {
            throw BillingException.Field("permissions", $"must name 1 to {Limits.PermissionsPerRole} permissions");
        }

        _ = ToSet();
    }
}

/// <summary>A role.</summary>
internal readonly record struct RoleId(Guid Value) : IEntityId<RoleId>
{
    public static string Prefix => "rol";

    public static RoleId Of(Guid value) => new(value);

    public override string ToString() => EntityId.Format(this);
}
