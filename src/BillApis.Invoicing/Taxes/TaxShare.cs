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

    /// <summary>Whole minor units for each amount's share in a tax on top of it, as <see cref="Of"/> and <see cref="Round(TaxShare[])"/> make them; null where 128 bits might not do, or the tax is in the amounts.</summary>
    public static long[]? OnTop(Tax tax, long[] amounts)
    {
        const long most = 1L << 53;
        const decimal mostPercentage = 1_000;
        if (tax is not { Treatment: TaxTreatment.Standard, Inclusive: false, Percentage: >= 0 and <= mostPercentage } || Array.Exists(amounts, amount => amount is < -most or > most))
        {
            return null;
        }

        var rate = (Int128)Scaled(tax.Percentage);
        return Round(Array.ConvertAll(amounts, amount => amount * rate), 100 * (Int128)BigInteger.Pow(10, Limits.FractionDigits));
    }

    /// <summary>Whole minor units for each share; rounded once, their sum is the rounded sum of the exact shares.</summary>
    public static long[] Round(TaxShare[] exact)
    {
        var common = exact.Select(share => share.Denominator).Distinct().Aggregate(BigInteger.One, (product, item) => product * item);
        return Round(Array.ConvertAll(exact, share => share.Numerator * (common / share.Denominator)), common);
    }

    private static long[] Round<T>(T[] parts, T common) where T : IBinaryInteger<T>
    {
        var (floors, rests, sum, whole) = (new long[parts.Length], new T[parts.Length], T.Zero, T.Zero);
        for (var i = 0; i < parts.Length; i++)
        {
            var (floor, rest) = T.DivRem(parts[i], common);
            (floor, rest) = T.IsNegative(rest) ? (floor - T.One, rest + common) : (floor, rest);
            (floors[i], rests[i], sum, whole) = (long.CreateChecked(floor), rest, sum + parts[i], whole + floor);
        }

        var left = int.CreateChecked(HalfAwayFromZero(sum, common) - whole);
        foreach (var i in left == 0 ? [] : Enumerable.Range(0, parts.Length).OrderByDescending(i => rests[i]).Take(left))
        {
            floors[i]++;
        }

        return floors;
    }

    private static BigInteger Scaled(decimal percentage) => Exact.Unscaled(percentage) * BigInteger.Pow(10, Limits.FractionDigits - percentage.Scale);

    private static T HalfAwayFromZero<T>(T value, T by) where T : IBinaryInteger<T>
    {
        var magnitude = ((T.Abs(value) * (T.One + T.One)) + by) / (by * (T.One + T.One));
        return T.IsNegative(value) ? -magnitude : magnitude;
    }
}
