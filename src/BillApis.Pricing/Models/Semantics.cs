namespace BillApis.Pricing;

/// <summary>Whose reading of a price is followed where billing systems differ.</summary>
public enum Semantics
{
    /// <summary>The rules of this project.</summary>
    Billapis,

    /// <summary>As Lago: the first tier's flat amount is due at zero usage, and no usage pays no percentage.</summary>
    Lago,

    /// <summary>As OpenMeter: the first tier's flat amount is due at zero usage.</summary>
    Openmeter,

    /// <summary>As Kill Bill.</summary>
    Killbill,

    /// <summary>As Stripe: the first tier's flat amount is due at zero usage.</summary>
    Stripe,

    /// <summary>As Flexprice.</summary>
    Flexprice,
}

/// <summary>What a reading of prices decides, as small values that the models ask.</summary>
/// <param name="FlatWhenZero">Whether a price that does not say so charges the first tier's flat amount for no usage.</param>
/// <param name="AllowanceLastsWhileEither">Whether the allowance of a clamped percentage lasts until both of its limits are reached, not the first.</param>
/// <param name="NothingForNoUnits">Whether amounts and fees of events are dropped where they come to no units.</param>
internal sealed record SemanticsProfile(bool FlatWhenZero = false, bool AllowanceLastsWhileEither = false, bool NothingForNoUnits = false)
{
    private static readonly SemanticsProfile Ours = new();
    private static readonly SemanticsProfile ChargesTheFirstTier = new(FlatWhenZero: true);
    private static readonly SemanticsProfile Lago = new(FlatWhenZero: true, AllowanceLastsWhileEither: true, NothingForNoUnits: true);

    public static SemanticsProfile Of(Semantics semantics) => semantics switch
    {
        Semantics.Lago => Lago,
        Semantics.Openmeter or Semantics.Stripe => ChargesTheFirstTier,
        _ => Ours,
    };
}
