namespace BillApis;

/// <summary>A backfill of usage.</summary>
public readonly record struct UsageBackfillId(Guid Value) : IEntityId<UsageBackfillId>
{
    /// <inheritdoc/>
    public static string Prefix => "bkf";

    /// <inheritdoc/>
    public static UsageBackfillId Of(Guid value) => new(value);

    /// <summary>For example <c>bkf_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}
