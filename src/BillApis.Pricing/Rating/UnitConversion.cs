using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>How a metered quantity becomes the units that are priced.</summary>
public enum ConversionOperation
{
    /// <summary>Units are the quantity times the factor.</summary>
    Multiply,

    /// <summary>Units are the quantity divided by the factor.</summary>
    Divide,
}

/// <summary>What becomes of a fraction of a unit.</summary>
public enum UnitRounding
{
    /// <summary>It is priced, to 12 fractional digits.</summary>
    None,

    /// <summary>It counts as a whole unit.</summary>
    Ceil,

    /// <summary>It is not counted.</summary>
    Floor,

    /// <summary>A half or more counts as a whole unit.</summary>
    HalfUp,
}

/// <summary>A change of units before pricing, for example bytes to gigabytes begun.</summary>
/// <param name="Operation">Whether the factor multiplies or divides.</param>
/// <param name="Factor">More than zero.</param>
/// <param name="Rounding">What becomes of a fraction of a unit.</param>
public sealed record UnitConversion(ConversionOperation Operation, decimal Factor, UnitRounding Rounding = UnitRounding.None)
{
    /// <summary>The units that a quantity, which must not be negative, comes to.</summary>
    public decimal Apply(decimal quantity)
    {
        var (units, part, whole) = Operation is ConversionOperation.Multiply ? Multiplied(quantity) : Divided(quantity);
        return Rounding switch
        {
            UnitRounding.None => units,
            UnitRounding.Ceil => whole + (part > 0 ? 1 : 0),
            UnitRounding.HalfUp => whole + (part >= 0.5m ? 1 : 0),
            _ => whole,
        };
    }

    internal static UnitConversion Read(PriceFields fields) => new(
        fields.OptionalChoice<ConversionOperation>("operation") ?? throw fields.Refuse("operation", $"is required: {Wire.All<ConversionOperation>()}"),
        fields.Decimal("factor"),
        fields.OptionalText("rounding") is "ceiling" ? UnitRounding.Ceil : fields.Choice("rounding", UnitRounding.None));

    internal void Validate(string path)
    {
        PriceCheck.Quantity(Factor, path, "factor");
        _ = Factor > 0 ? 0 : throw BillingException.Field(PriceCheck.Join(path, "factor"), "must be more than 0");
    }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("unit_conversion");
        writer.WriteString("operation", Wire.Name(Operation));
        writer.Exact("factor", Factor);
        writer.WriteString("rounding", Wire.Name(Rounding));
        writer.WriteEndObject();
    }

    private (decimal Units, decimal Part, decimal Whole) Multiplied(decimal quantity)
    {
        var units = Exact.Multiply(quantity, Factor);
        return (units, units % 1m, decimal.Truncate(units));
    }

    // The remainder of two decimals is exact, so that a fraction is never lost or made up where it decides.
    private (decimal Units, decimal Part, decimal Whole) Divided(decimal quantity)
    {
        var open = quantity % Factor;
        var whole = (quantity - open) / Factor;
        var part = open == 0 ? 0 : open >= Factor - open ? 0.5m : 0.25m;
        return (Math.Round(quantity / Factor, Limits.FractionDigits, MidpointRounding.AwayFromZero), part, whole);
    }
}
