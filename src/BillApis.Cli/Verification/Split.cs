using System.Numerics;

namespace BillApis.Cli.Verification;

/// <summary>Whole minor units, split by largest remainder; what is left goes one unit each to the largest remainders, the earlier first.</summary>
internal static class Split
{
    /// <summary>An amount by weights that are not negative.</summary>
    public static BigInteger[] ByWeight(BigInteger amount, IReadOnlyList<BigInteger> weights)
    {
        var whole = weights.Aggregate(BigInteger.Zero, (sum, weight) => sum + weight);
        return whole.IsZero ? [.. weights.Select(_ => BigInteger.Zero)] : Finish([.. weights.Select(weight => new Rational(amount * weight, whole))], amount);
    }

    /// <summary>Exact shares whose sum is rounded once, half away from zero.</summary>
    public static BigInteger[] Rounded(IReadOnlyList<Rational> exact) => Finish(exact, exact.Aggregate(Rational.Zero, (sum, share) => sum + share).Round(0));

    private static BigInteger[] Finish(IReadOnlyList<Rational> exact, BigInteger whole)
    {
        var shares = exact.Select(share => share.Floor()).ToArray();
        var left = whole - shares.Aggregate(BigInteger.Zero, (sum, share) => sum + share);
        var order = Enumerable.Range(0, shares.Length).OrderByDescending(i => exact[i] - Rational.Of(shares[i], 0)).ThenBy(i => i);
        foreach (var i in order.Take((int)left))
        {
            shares[i]++;
        }

        return shares;
    }
}
