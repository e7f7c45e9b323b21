using NodaTime;

namespace BillApis.Identity;

/// <summary>A key of the ring that everything encrypted here is encrypted with: shared by all nodes.</summary>
internal sealed record RingKey : IEntity<RingKey>
{
    public RingKeyId Id { get; init; } = EntityId.New<RingKeyId>();

    public TenantId Tenant { get; init; } = TenantId.Default;

    /// <summary>The key as ASP.NET Data Protection writes it.</summary>
    public required string Xml { get; init; }

    public required Instant CreatedAt { get; init; }

    public long Version { get; init; }

    string IEntity<RingKey>.Key => Id.ToString();

    string? IEntity<RingKey>.Alias => null;

    public RingKey WithVersion(long version) => this with { Version = version };
}

/// <summary>A key of the ring.</summary>
internal readonly record struct RingKeyId(Guid Value) : IEntityId<RingKeyId>
{
    public static string Prefix => "rgk";

    public static RingKeyId Of(Guid value) => new(value);

    public override string ToString() => EntityId.Format(this);
}
