using System.Numerics;

namespace BillApis.Invoicing;

/// <summary>The exact share of a line in a tax, in minor units, as a ratio of integers.</summary>
internal readonly record struct TaxShare(BigInteger Numerator, BigInteger Denominator)
{
    public static TaxShare Of(InvoiceLine line, Tax tax, IReadOnlyCollection<Tax> all)
    {
        if (tax.Treatment is not TaxTreatment.Standard)
        {
            return new(0, 1);
        }

        // base × rate ÷ 100, or with the tax in the amount: amount × rate ÷ (100 + all rates that are in it).
        var scale = BigInteger.Pow(10, Limits.FractionDigits);
        var rate = Scaled(tax.Percentage);
        var inside = tax.Inclusive ? all.Where(item => item is { Inclusive: true, Treatment: TaxTreatment.Standard }).Aggregate(BigInteger.Zero, (sum, item) => sum + Scaled(item.Percentage)) : 0;
        return new((tax.Inclusive ? line.Net : line.NetOfTax).MinorUnits * rate, (100 * scale) + inside);
    }

    /// <summary>Whole minor units for each share; rounded once, their sum is the rounded sum of the exact shares.</summary>
    public static long[] Round(TaxShare[] exact)
    {
        var common = exact.Select(share => share.Denominator).Distinct().Aggregate(BigInteger.One, (product, item) => product * item);
        var parts = Array.ConvertAll(exact, share => share.Numerator * (common / share.Denominator));
        var floors = Array.ConvertAll(parts, part => Floor(part, common));
        var left = (int)(HalfAwayFromZero(parts.Aggregate(BigInteger.Zero, (sum, part) => sum + part), common) - floors.Aggregate(BigInteger.Zero, (sum, floor) => sum + floor));
        foreach (var i in Enumerable.Range(0, parts.Length).OrderByDescending(i => parts[i] - (floors[i] * common)).Take(left))
        {
            floors[i]++;
        }

        return Array.ConvertAll(floors, floor => (long)floor);
    }

    private static BigInteger Scaled(decimal percentage) => Exact.Unscaled(percentage) * BigInteger.Pow(10, Limits.FractionDigits - percentage.Scale);

    private static BigInteger Floor(BigInteger value, BigInteger by) => BigInteger.DivRem(value, by, out var rest) - (rest < 0 ? 1 : 0);

    private static BigInteger HalfAwayFromZero(BigInteger value, BigInteger by) => value.Sign * (((2 * BigInteger.Abs(value)) + by) / (2 * by));
}
