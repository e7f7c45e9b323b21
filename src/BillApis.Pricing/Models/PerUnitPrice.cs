using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>One price for each unit.</summary>
/// <param name="UnitAmount">The price of one unit.</param>
public sealed record PerUnitPrice(decimal UnitAmount) : PriceModel
{
    /// <inheritdoc/>
    public override string Name => "per_unit";

    internal static PerUnitPrice Read(PriceFields fields) => new(fields.Decimal("unit_amount"));

    internal override decimal AmountOf(in Billable usage, RatingLog? log)
    {
        var amount = Exact.Multiply(usage.Paid, UnitAmount);
        log?.Add(new(0, null, usage.Paid, UnitAmount, 0, amount));
        return amount;
    }

    internal override void Validate(string path) => PriceCheck.Price(UnitAmount, path, "unit_amount");

    internal override void Write(Utf8JsonWriter writer) => writer.Exact("unit_amount", UnitAmount);
}
