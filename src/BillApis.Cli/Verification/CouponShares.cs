using System.Numerics;
using BillApis.Invoicing;

namespace BillApis.Cli.Verification;

/// <summary>What a coupon takes off lines, and how it falls on them.</summary>
internal static class CouponShares
{
    /// <summary>The amount that a coupon takes of what is left of the lines that it is for, and their weights.</summary>
    /// <param name="terms">The coupon.</param>
    /// <param name="lines">The lines.</param>
    /// <param name="looked">What is left of each that coupons look at, and nothing of the others.</param>
    public static (BigInteger Amount, BigInteger[] Weights) Of(CouponTerms terms, IReadOnlyList<InvoiceLine> lines, BigInteger[] looked)
    {
        BigInteger[] weights = [.. lines.Select((line, k) => IsFor(terms, line) ? looked[k] : BigInteger.Zero)];
        var most = Left(weights, looked);
        var asked = terms.AmountOff is { } off ? off.MinorUnits : (Rational.Of(most, 0) * terms.PercentOff!.Value / 100).Round(0);
        return (BigInteger.Max(0, BigInteger.Min(asked, most)), weights);
    }

    public static bool IsFor(CouponTerms terms, InvoiceLine line) => terms.Products.IsEmpty || (line.Product is { } product && terms.Products.Contains(product));

    /// <summary>The place of a coupon among others.</summary>
    public static int RankOf(CouponTerms terms) => terms.Products.IsEmpty ? 2 - (terms.Plans.IsEmpty ? 0 : 1) : 0;

    public static BigInteger Left(BigInteger[] weights, BigInteger[] all) =>
        BigInteger.Max(0, BigInteger.Min(weights.Aggregate(BigInteger.Zero, (sum, part) => sum + part), all.Aggregate(BigInteger.Zero, (sum, part) => sum + part)));

    /// <summary>The weights by which lines bear a share: what is taken off other lines of the same price and period, as a maximum is, is not there to bear one.</summary>
    public static BigInteger[] Bearing(IReadOnlyList<InvoiceLine> lines, BigInteger[] weights)
    {
        BigInteger[] bearing = [.. weights.Select(weight => BigInteger.Max(0, weight))];
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] < 0 && lines[i] is { Price: { } price } capped)
            {
                BigInteger[] same = [.. lines.Select((line, k) => (line.Price, line.Period, line.Subscription) == (price, capped.Period, capped.Subscription) ? bearing[k] : 0)];
                var back = BigInteger.Min(-weights[i], same.Aggregate(BigInteger.Zero, (sum, part) => sum + part));
                bearing = [.. bearing.Zip(Split.ByWeight(back, same), (weight, share) => weight - share)];
            }
        }

        return bearing;
    }

    /// <summary>What several coupons take off lines, in their order: of each coupon, and of each line.</summary>
    public static (Dictionary<CouponId, BigInteger> Coupons, BigInteger[] Lines) Count(IEnumerable<Redemption> coupons, IReadOnlyList<InvoiceLine> lines, BigInteger[] amounts)
    {
        var (left, taken) = ((BigInteger[])[.. amounts], new Dictionary<CouponId, BigInteger>());
        foreach (var coupon in coupons.OrderBy(item => RankOf(item.Terms)).ThenBy(item => item.At).ThenBy(item => item.Coupon.ToString(), StringComparer.Ordinal))
        {
            var (amount, weights) = Of(coupon.Terms, lines, left);
            left = [.. left.Zip(Split.ByWeight(amount, Bearing(lines, weights)), (rest, share) => rest - share)];
            taken[coupon.Coupon] = taken.GetValueOrDefault(coupon.Coupon) + amount;
        }

        return (taken, [.. amounts.Zip(left, (amount, rest) => amount - rest)]);
    }
}
