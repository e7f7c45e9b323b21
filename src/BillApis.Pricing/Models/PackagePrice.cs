using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>What a package that is not full costs.</summary>
public enum PackageRounding
{
    /// <summary>A begun package costs as much as a full one.</summary>
    Up,

    /// <summary>Only full packages cost.</summary>
    Down,
}

/// <summary>Whole packages of units.</summary>
/// <param name="PackageSize">How many units one package holds.</param>
/// <param name="PackageAmount">The price of one package.</param>
/// <param name="Rounding">What a package that is not full costs.</param>
public sealed record PackagePrice(decimal PackageSize, decimal PackageAmount, PackageRounding Rounding = PackageRounding.Up) : PriceModel
{
    /// <inheritdoc/>
    public override string Name => "package";

    internal static PackagePrice Read(PriceFields fields) =>
        new(fields.Decimal("package_size"), fields.Decimal("package_amount"), fields.Choice("package_rounding", PackageRounding.Up));

    internal override decimal AmountOf(decimal quantity, PriceTerms terms) => Exact.Multiply(Count(quantity, PackageSize, Rounding), PackageAmount);

    internal override decimal AmountOf(in Billable usage, RatingLog? log)
    {
        var packages = Count(usage.Quantity, PackageSize, Rounding);
        var amount = Exact.Multiply(packages, PackageAmount);
        log?.Add(new(0, null, usage.Quantity, 0, amount, amount) { Packages = packages });
        return amount;
    }

    internal override void Validate(string path)
    {
        PriceCheck.Quantity(PackageSize, path, "package_size");
        _ = PackageSize > 0 ? true : throw BillingException.Field(PriceCheck.Join(path, "package_size"), "must be more than 0");
        PriceCheck.Price(PackageAmount, path, "package_amount");
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.Exact("package_size", PackageSize);
        writer.Exact("package_amount", PackageAmount);
        writer.WriteString("package_rounding", Wire.Name(Rounding));
    }

    // The quotient is cut at its 28th digit; what the packages hold is not, and it decides.
    internal static decimal Count(decimal quantity, decimal size, PackageRounding rounding)
    {
        var full = decimal.Floor(quantity / size);
        var held = Exact.Multiply(full, size);
        if (held > quantity)
        {
            (full, held) = (full - 1, held - size);
        }

        return rounding is PackageRounding.Up && held < quantity ? full + 1 : full;
    }
}
