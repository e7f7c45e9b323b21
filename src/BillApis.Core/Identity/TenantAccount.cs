using NodaTime;

namespace BillApis.Identity;

/// <summary>A tenant as the operator sees it: the record stands with the operator's own tenant, as all of these do.</summary>
internal sealed record TenantAccount : IEntity<TenantAccount>
{
    public required TenantId Id { get; init; }

    public required string Name { get; init; }

    public required Instant CreatedAt { get; init; }

    /// <summary>Since when nobody gets in.</summary>
    public Instant? SuspendedAt { get; init; }

    /// <summary>When all of its data was last handed out whole.</summary>
    public Instant? ExportedAt { get; init; }

    /// <summary>Since when it does not exist for anybody but the operator.</summary>
    public Instant? DeletedAt { get; init; }

    public long Version { get; init; }

    TenantId IEntity<TenantAccount>.Tenant => TenantId.Default;

    string IEntity<TenantAccount>.Key => Id.ToString();

    string? IEntity<TenantAccount>.Alias => null;

    public TenantStatus Status => DeletedAt is not null ? TenantStatus.Deleted : SuspendedAt is not null ? TenantStatus.Suspended : TenantStatus.Active;

    public TenantAccount WithVersion(long version) => this with { Version = version };

    /// <exception cref="BillingException">It is the operator's own, or deleted.</exception>
    public TenantAccount Suspend(Instant now) => Closable() with { SuspendedAt = SuspendedAt ?? now };

    public TenantAccount Resume() => Closable() with { SuspendedAt = null };

    /// <summary>Takes it away for good, once nobody uses it and its data was handed out.</summary>
    public TenantAccount Delete(Instant now) => Closable() switch
    {
        { SuspendedAt: null } => throw Refused($"The tenant '{Id}' is in use; suspend it first."),
        { ExportedAt: var exported } when !(exported >= SuspendedAt) => throw Refused($"The data of the tenant '{Id}' was not exported since it was suspended; export it first."),
        var closed => closed with { DeletedAt = now },
    };

    private TenantAccount Closable() =>
        Id == TenantId.Default ? throw Refused("The operator's own tenant stays as it is.")
        : DeletedAt is not null ? throw Refused($"The tenant '{Id}' was deleted.")
        : this;

    private static BillingException Refused(string why) => new(BillingErrorCode.Conflict, why);
}

/// <summary>Whether a tenant's people and programs get in.</summary>
internal enum TenantStatus
{
    Active,
    Suspended,
    Deleted,
}
