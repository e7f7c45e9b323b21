using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>The amounts that the events carry, summed.</summary>
/// <param name="AmountProperty">The event property that holds the amount, or null where the metric sums it.</param>
/// <param name="Multiplier">What the sum is multiplied by, for a margin; 1 for none.</param>
public sealed record DynamicPrice(string? AmountProperty = null, decimal Multiplier = 1) : PriceModel
{
    /// <inheritdoc/>
    public override string Name => "dynamic";

    internal override PricedBy PricedBy => PricedBy.Amounts;

    internal static DynamicPrice Read(PriceFields fields) => new(fields.OptionalText("amount_property"), fields.OptionalDecimal("multiplier") ?? 1);

    internal override decimal AmountOf(in Billable usage, RatingLog? log)
    {
        var sum = 0m;
        foreach (var value in usage.Amounts)
        {
            sum = Exact.Add(sum, value);
        }

        var amount = Exact.Multiply(sum, Multiplier);
        log?.Billed += sum;
        log?.Add(new(0, null, sum, Multiplier, 0, amount));
        return amount;
    }

    internal override void Validate(string path) => PriceCheck.Price(Multiplier, path, "multiplier");

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("amount_property", AmountProperty);
        writer.Exact("multiplier", Multiplier);
    }
}
