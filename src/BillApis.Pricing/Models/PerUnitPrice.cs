using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>One price for each unit.</summary>
/// <param name="UnitAmount">The price of one unit.</param>
public sealed record PerUnitPrice(decimal UnitAmount) : PriceModel
{
    /// <inheritdoc/>
    public override string Name => "per_unit";

    /// <summary>Whether its product with a quantity of few digits needs no check.</summary>
    internal bool HasFewDigits => FewDigits.IsPrice(UnitAmount);

    internal static PerUnitPrice Read(PriceFields fields) => new(fields.Decimal("unit_amount"));

    internal override decimal AmountOf(decimal quantity, PriceTerms terms) => Exact.Multiply(quantity, UnitAmount);

    internal override decimal AmountOf(in Billable usage, RatingLog? log)
    {
        var paid = usage.Paid;
        var amount = Exact.Multiply(paid, UnitAmount);
        log?.Add(new(0, null, paid, UnitAmount, 0, amount));
        return amount;
    }

    internal override void Validate(string path) => PriceCheck.Price(UnitAmount, path, "unit_amount");

    internal override void Write(Utf8JsonWriter writer) => writer.Exact("unit_amount", UnitAmount);
}
