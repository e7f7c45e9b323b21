namespace BillApis.Pricing;

/// <summary>One step of a tiered price: the units above the tier before it, up to and including its own bound.</summary>
/// <param name="UpTo">The last unit of the tier, included; null for the last tier.</param>
/// <param name="UnitAmount">The price of one unit.</param>
/// <param name="FlatAmount">What entering the tier costs, once.</param>
public sealed record Tier(decimal? UpTo, decimal UnitAmount, decimal FlatAmount)
{
    /// <summary>How many units <see cref="UnitAmount"/> buys, begun ones counting as whole; null where each unit is priced for itself.</summary>
    public decimal? PackageSize { get; init; }

    /// <summary>What the units that fall into this tier cost, its flat amount included.</summary>
    internal decimal Price(decimal units) => Exact.Add(Exact.Multiply(PackageSize is null ? units : Packages(units), UnitAmount), FlatAmount);

    /// <summary>What the log says about it.</summary>
    internal RatedTier Rated(decimal from, decimal units, decimal amount) =>
        new(from, UpTo, units, UnitAmount, FlatAmount, amount) { Packages = PackageSize is null ? null : Packages(units) };

    private decimal Packages(decimal units) => PackagePrice.Count(units, PackageSize!.Value, PackageRounding.Up);
}
