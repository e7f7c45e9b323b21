using System.Collections.Immutable;
using System.Numerics;
using BillApis.Invoicing;
using BillApis.Pricing;

namespace BillApis.Cli.Verification;

/// <summary>What a quantity costs under the terms of a price, in fractions: written from the rules of prices, not from the engine's rating.</summary>
internal static class Prices
{
    /// <summary>The exact amount, or null where the terms are read in a way that is not verified here.</summary>
    public static Rational? AmountOf(PriceTerms terms, decimal quantity, ImmutableArray<RatingEvent> events)
    {
        if (terms.Semantics is not Semantics.Billapis)
        {
            return null;
        }

        if (terms.Model is PercentagePrice or DynamicPrice)
        {
            return OfAmounts(terms.Model, events);
        }

        if (terms.Model is FlatPrice flat)
        {
            return flat.Amount;
        }

        var units = UnitsOf(terms, quantity);
        var amount = terms.Model is MatrixPrice matrix ? OfCells(matrix, quantity, events) : OfUnits(terms.Model, units, terms.FlatWhenZero && quantity >= 0);
        return quantity < 0 && terms.Model is not MatrixPrice ? -1 * amount : amount;
    }

    /// <summary>What the part of a period that a line pays for costs, in minor units: with the part before it that it goes on with, less that.</summary>
    public static BigInteger PartOf(Rational whole, InvoiceLine line, int digits)
    {
        var before = line.Before is { } billed ? Rational.Of(billed) : Rational.Zero;
        return (whole * (before + Rational.Of(line.Factor))).Round(digits) - (whole * before).Round(digits);
    }

    /// <summary>How many units come to be priced. A negative quantity is the credit of what as many units cost, and free units are not given back.</summary>
    public static Rational UnitsOf(PriceTerms terms, decimal quantity)
    {
        var units = Converted(terms.UnitConversion, Math.Abs(quantity));
        return quantity < 0 ? units : Rational.Max(0, units - terms.IncludedQuantity);
    }

    private static Rational OfUnits(PriceModel model, Rational units, bool flatWhenZero) => model switch
    {
        PerUnitPrice price => units * price.UnitAmount,
        GraduatedPrice price => Graduated([.. price.Tiers.Select(tier => (tier.UpTo, (Rational)tier.UnitAmount, tier.FlatAmount, tier.PackageSize))], units, flatWhenZero),
        GraduatedPercentagePrice price => Graduated([.. price.Tiers.Select(tier => (tier.UpTo, (Rational)tier.Rate / 100, tier.FlatAmount, (decimal?)null))], units, flatWhenZero),
        VolumePrice price => Volume(price.Tiers, units, flatWhenZero),
        StairstepPrice price => Volume(price.Tiers, units, flatWhenZero),
        PackagePrice price => Packages(units, price.PackageSize, price.Rounding is PackageRounding.Up) * price.PackageAmount,
        _ => throw new InvalidDataException($"A price of the model '{model.Name}' is not known here."),
    };

    private static Rational Graduated(IReadOnlyList<(decimal? UpTo, Rational Unit, decimal Flat, decimal? Package)> tiers, Rational units, bool flatWhenZero)
    {
        var (sum, from) = (Rational.Zero, Rational.Zero);
        foreach (var (upTo, unit, flat, package) in tiers)
        {
            if (!(units > from) && !(flatWhenZero && from == Rational.Zero))
            {
                break;
            }

            var inside = (upTo is { } end ? Rational.Min(units, end) : units) - from;
            sum += ((package is { } size ? Packages(inside, size, up: true) : inside) * unit) + flat;
            from = upTo ?? from;
        }

        return sum;
    }

    private static Rational Volume(ImmutableArray<Tier> tiers, Rational units, bool flatWhenZero)
    {
        if (units == Rational.Zero && !flatWhenZero)
        {
            return 0;
        }

        var tier = tiers.First(tier => tier.UpTo is not { } end || !(units > end));
        return ((tier.PackageSize is { } size ? Packages(units, size, up: true) : units) * tier.UnitAmount) + tier.FlatAmount;
    }

    private static Rational Packages(Rational units, Rational size, bool up)
    {
        var full = Rational.Of((units / size).Floor(), 0);
        return up && full * size < units ? full + 1 : full;
    }

    private static Rational OfCells(MatrixPrice matrix, decimal quantity, ImmutableArray<RatingEvent> events)
    {
        var parts = events.IsDefaultOrEmpty ? [(Quantity: quantity, Values: (IReadOnlyList<string?>)[.. matrix.Dimensions.Select(_ => (string?)null)])]
            : events.Select(item => (item.Quantity, Values: (IReadOnlyList<string?>)[.. matrix.Dimensions.Select(name => item.Properties.GetValueOrDefault(name))]));
        return parts.Aggregate(Rational.Zero, (sum, part) => sum + (part.Quantity
            * (Rational)(matrix.Cells.FirstOrDefault(cell => cell.Values.Zip(part.Values).All(pair => pair.First is null || pair.First == pair.Second))?.UnitAmount ?? matrix.DefaultUnitAmount ?? 0)));
    }

    private static Rational OfAmounts(PriceModel model, ImmutableArray<RatingEvent> events)
    {
        if (model is DynamicPrice dynamic)
        {
            return events.Aggregate(Rational.Zero, (sum, item) => sum + item.Amount) * dynamic.Multiplier;
        }

        var price = (PercentagePrice)model;
        var (sum, freeEvents, freeAmount) = (Rational.Zero, price.FreeEvents ?? 0, (Rational)(price.FreeAmount ?? 0));
        foreach (var item in events)
        {
            if (item.Amount < 0)
            {
                sum += item.Amount * (Rational)price.Rate / 100;
                continue;
            }

            // Both limits hold at once where both are set: the first that is used up ends the allowance.
            var open = (price.FreeEvents is not > 0 || freeEvents > 0) && (price.FreeAmount is not > 0 || freeAmount > Rational.Zero) && (price.FreeEvents is > 0 || price.FreeAmount is > 0);
            var free = !open ? 0 : price.FreeAmount is > 0 ? Rational.Min(item.Amount, freeAmount) : item.Amount;
            (freeEvents, freeAmount) = open ? (Math.Max(0, freeEvents - 1), Rational.Max(0, freeAmount - free)) : (freeEvents, freeAmount);
            if (open && free == item.Amount)
            {
                continue;
            }

            var fee = ((item.Amount - free) * price.Rate / 100) + price.FixedPerEvent;
            fee = price.MinPerEvent is { } least ? Rational.Max(fee, least) : Rational.Max(fee, 0);
            sum += price.MaxPerEvent is { } most ? Rational.Min(fee, most) : fee;
        }

        return sum;
    }

    private static Rational Converted(UnitConversion? conversion, Rational quantity)
    {
        if (conversion is null)
        {
            return quantity;
        }

        var exact = conversion.Operation is ConversionOperation.Multiply ? quantity * conversion.Factor : quantity / conversion.Factor;
        var whole = Rational.Of(exact.Floor(), 0);
        return conversion.Rounding switch
        {
            UnitRounding.Ceil => exact > whole ? whole + 1 : whole,
            UnitRounding.Floor => whole,
            UnitRounding.HalfUp => Rational.Of(exact.Round(0), 0),
            _ => Rational.Of(exact.Round(12), 12),
        };
    }
}
