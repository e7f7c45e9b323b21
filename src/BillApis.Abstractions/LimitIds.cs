namespace BillApis;

/// <summary>Something that a plan lets customers use.</summary>
public readonly record struct FeatureId(Guid Value) : IEntityId<FeatureId>
{
    /// <inheritdoc/>
    public static string Prefix => "fea";

    /// <inheritdoc/>
    public static FeatureId Of(Guid value) => new(value);

    /// <summary>For example <c>fea_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>What one customer is entitled to beside its plans.</summary>
public readonly record struct EntitlementId(Guid Value) : IEntityId<EntitlementId>
{
    /// <inheritdoc/>
    public static string Prefix => "ent";

    /// <inheritdoc/>
    public static EntitlementId Of(Guid value) => new(value);

    /// <summary>For example <c>ent_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>How much a customer may spend in a month.</summary>
public readonly record struct SpendLimitId(Guid Value) : IEntityId<SpendLimitId>
{
    /// <inheritdoc/>
    public static string Prefix => "lim";

    /// <inheritdoc/>
    public static SpendLimitId Of(Guid value) => new(value);

    /// <summary>For example <c>lim_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A part of a quota that is set aside.</summary>
public readonly record struct ReservationId(Guid Value) : IEntityId<ReservationId>
{
    /// <inheritdoc/>
    public static string Prefix => "rsv";

    /// <inheritdoc/>
    public static ReservationId Of(Guid value) => new(value);

    /// <summary>For example <c>rsv_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>What a customer spent in one month.</summary>
public readonly record struct SpendRecordId(Guid Value) : IEntityId<SpendRecordId>
{
    /// <inheritdoc/>
    public static string Prefix => "spd";

    /// <inheritdoc/>
    public static SpendRecordId Of(Guid value) => new(value);

    /// <summary>For example <c>spd_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>When what one line of an invoice charged in advance is earned.</summary>
public readonly record struct RevenueScheduleId(Guid Value) : IEntityId<RevenueScheduleId>
{
    /// <inheritdoc/>
    public static string Prefix => "rvs";

    /// <inheritdoc/>
    public static RevenueScheduleId Of(Guid value) => new(value);

    /// <summary>For example <c>rvs_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}
