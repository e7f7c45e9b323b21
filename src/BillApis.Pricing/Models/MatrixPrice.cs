using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>One price of a matrix.</summary>
/// <param name="Values">The value of each dimension in order; null takes any.</param>
/// <param name="UnitAmount">The price of one unit.</param>
public sealed record MatrixCell(ImmutableArray<string?> Values, decimal UnitAmount);

/// <summary>Each combination of dimension values at the price of its cell.</summary>
/// <param name="Dimensions">The event properties that choose a cell.</param>
/// <param name="Cells">The prices; the first that matches is taken.</param>
/// <param name="DefaultUnitAmount">The price where no cell matches; null refuses such usage.</param>
public sealed record MatrixPrice(ImmutableArray<string> Dimensions, ImmutableArray<MatrixCell> Cells, decimal? DefaultUnitAmount) : PriceModel
{
    /// <inheritdoc/>
    public override string Name => "matrix";

    internal override PricedBy PricedBy => PricedBy.Groups;

    internal static MatrixPrice Read(PriceFields fields)
    {
        var dimensions = fields.Texts("dimensions");
        return new(dimensions, fields.List("cells", cell => new MatrixCell(cell.Values("values", dimensions), cell.Decimal("unit_amount"))), fields.OptionalDecimal("default_unit_amount"));
    }

    internal override decimal AmountOf(in Billable usage, RatingLog? log)
    {
        var total = 0m;
        foreach (var group in UsageGroup.Of(usage.Events, usage.Quantity, Dimensions))
        {
            var unit = UnitAmount(group);
            var amount = Exact.Multiply(group.Quantity, unit);
            log?.Add(new(0, null, group.Quantity, unit, 0, amount) { Label = group.ToString() });
            total = Exact.Add(total, amount);
        }

        return total;
    }

    internal override void Validate(string path)
    {
        _ = Dimensions.Length is >= 1 and <= Limits.DimensionsPerMetric ? 0 : throw BillingException.Field(PriceCheck.Join(path, "dimensions"), $"must name 1 to {Limits.DimensionsPerMetric} event properties");
        _ = Dimensions.Distinct(StringComparer.Ordinal).Count() == Dimensions.Length ? 0 : throw BillingException.Field(PriceCheck.Join(path, "dimensions"), "must not name a property twice");
        _ = Cells.Length <= Limits.ItemsPerPlan * Limits.TiersPerPrice ? 0 : throw BillingException.Field(PriceCheck.Join(path, "cells"), $"must have at most {Limits.ItemsPerPlan * Limits.TiersPerPrice} cells");
        for (var i = 0; i < Cells.Length; i++)
        {
            PriceCheck.Price(Cells[i].UnitAmount, PriceCheck.Join(path, $"cells[{i}]"), "unit_amount");
        }

        PriceCheck.Price(DefaultUnitAmount ?? 0, path, "default_unit_amount");
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.Texts("dimensions", Dimensions);
        writer.WriteStartArray("cells");
        foreach (var cell in Cells)
        {
            writer.WriteStartObject();
            writer.Texts("values", cell.Values);
            writer.Exact("unit_amount", cell.UnitAmount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.Exact("default_unit_amount", DefaultUnitAmount);
    }

    private decimal UnitAmount(UsageGroup group)
    {
        foreach (var cell in Cells)
        {
            if (group.Matches(cell.Values))
            {
                return cell.UnitAmount;
            }
        }

        return DefaultUnitAmount ?? throw BillingException.Field("events", $"hold usage of {group}, for which the matrix has neither a cell nor a default_unit_amount");
    }
}
