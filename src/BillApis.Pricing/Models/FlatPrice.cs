using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>The same amount whatever the quantity.</summary>
/// <param name="Amount">The amount of one whole period.</param>
public sealed record FlatPrice(decimal Amount) : PriceModel
{
    /// <inheritdoc/>
    public override string Name => "flat";

    internal override PricedBy PricedBy => PricedBy.Nothing;

    internal static FlatPrice Read(PriceFields fields) => new(fields.Decimal("amount"));

    internal override decimal AmountOf(in Billable usage, RatingLog? log)
    {
        log?.Add(new(0, null, usage.Quantity, 0, Amount, Amount));
        return Amount;
    }

    internal override void Validate(string path) => PriceCheck.Price(Amount, path, "amount");

    internal override void Write(Utf8JsonWriter writer) => writer.Exact("amount", Amount);
}
