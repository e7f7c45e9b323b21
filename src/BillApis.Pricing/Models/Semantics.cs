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

    /// <summary>As Kill Bill: a begun unit counts as a whole one, and the last tier may have a bound.</summary>
    Killbill,

    /// <summary>As Stripe: the first tier's flat amount is due at zero usage.</summary>
    Stripe,

    /// <summary>As Flexprice: the last tier may have a bound.</summary>
    Flexprice,
}

/// <summary>What a reading of prices decides, as small values that the models and the reader of prices ask.</summary>
/// <param name="FlatWhenZero">Whether a price that does not say so charges the first tier's flat amount for no usage.</param>
/// <param name="AllowanceLastsWhileEither">Whether the allowance of a clamped percentage lasts until both of its limits are reached, not the first.</param>
/// <param name="NothingForNoUnits">Whether amounts and fees of events are dropped where they come to no units.</param>
/// <param name="LastTierMayEnd">Whether the last tier may have a bound: beyond it the volume model keeps its price, and the graduated model charges nothing.</param>
/// <param name="Conversion">What becomes of units where a price does not say so.</param>
internal sealed record SemanticsProfile(
    bool FlatWhenZero = false,
    bool AllowanceLastsWhileEither = false,
    bool NothingForNoUnits = false,
    bool LastTierMayEnd = false,
    UnitConversion? Conversion = null)
{
    private static readonly SemanticsProfile Billapis = new();
    private static readonly SemanticsProfile ChargesTheFirstTier = new(FlatWhenZero: true);
    private static readonly SemanticsProfile Lago = new(FlatWhenZero: true, AllowanceLastsWhileEither: true, NothingForNoUnits: true);
    private static readonly SemanticsProfile Killbill = new(LastTierMayEnd: true, Conversion: new(ConversionOperation.Multiply, 1, UnitRounding.Ceil));
    private static readonly SemanticsProfile Flexprice = new(LastTierMayEnd: true);

    public static SemanticsProfile Of(Semantics semantics) => semantics switch
    {
        Semantics.Lago => Lago,
        Semantics.Openmeter or Semantics.Stripe => ChargesTheFirstTier,
        Semantics.Killbill => Killbill,
        Semantics.Flexprice => Flexprice,
        _ => Billapis,
    };
}
