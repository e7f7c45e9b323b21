using System.Collections.Immutable;
using System.Numerics;
using BillApis.Pricing;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>Graduated prices against whole-number arithmetic that shares no code with the engine.</summary>
public sealed class GraduatedOracleTests
{
    private const int Cases = 1_000_000;
    private const int Chunk = 10_000;

    // All oracle numbers are whole counts of 10⁻¹²; products count 10⁻²⁴.
    private const long One = 1_000_000_000_000;

    [Fact]
    public void A_million_random_prices_and_quantities_are_exact() =>
        Parallel.For(0, Cases / Chunk, chunk =>
        {
            var random = new Random(chunk);
            for (var i = 0; i < Chunk; i++)
            {
                Check(random);
            }
        });

    private static void Check(Random random)
    {
        var bounds = Enumerable.Range(0, random.Next(0, 6)).Select(_ => Whole(random, 4)).Where(bound => bound > 0).Distinct().Order().ToArray();
        // 17 digits of quantity times 11 of price are the 28 that a decimal holds; what needs more is refused, not cut.
        var units = Enumerable.Range(0, bounds.Length + 1).Select(_ => Whole(random, 2) / 1_000 * 1_000).ToArray();
        var flats = units.Select(_ => random.Next(3) == 0 ? Whole(random, 3) : 0).ToArray();
        // Quantities on, just before and just after a bound are as frequent as others.
        var quantity = bounds.Length > 0 && random.Next(2) == 0
            ? Math.Max(0, bounds[random.Next(bounds.Length)] + random.Next(-1, 2))
            : Whole(random, 5);
        var zero = random.Next(2) == 0;
        var tiers = units.Select((unit, i) => new Tier(i < bounds.Length ? Decimal(bounds[i]) : null, Decimal(unit), Decimal(flats[i]))).ToImmutableArray();
        var terms = new PriceTerms { Currency = Currency.Parse("USD"), Model = new GraduatedPrice(tiers), FlatWhenZero = zero };
        var rated = Rating.Rate(terms, new(Decimal(quantity)));
        var expected = Oracle(bounds, units, flats, quantity, zero);
        if (Scaled(rated.Amount) != expected)
        {
            Assert.Fail($"{Decimal(quantity)} of {string.Join(", ", tiers)}: expected {expected}e-24, got {rated.Amount}");
        }
    }

    // Cuts the quantity at every bound; each slice has the price of the tier that holds its last unit.
    private static BigInteger Oracle(long[] bounds, long[] units, long[] flats, long quantity, bool zero)
    {
        var total = zero && quantity == 0 ? new BigInteger(flats[0]) * One : BigInteger.Zero;
        var from = 0L;
        foreach (var to in bounds.Append(long.MaxValue).Select(bound => Math.Min(bound, quantity)).Distinct().Where(to => to > 0))
        {
            var tier = bounds.Count(bound => bound < to);
            total += (new BigInteger(to - from) * units[tier]) + (new BigInteger(flats[tier]) * One);
            from = to;
        }

        return total;
    }

    // Up to 10^magnitude units, mostly with few fractional digits, sometimes with all twelve.
    private static long Whole(Random random, int magnitude)
    {
        var number = random.NextInt64((long)Math.Pow(10, magnitude) * One);
        var step = (long)Math.Pow(10, random.Next(0, 13));
        return number / step * step;
    }

    private static decimal Decimal(long whole) => new decimal(whole) / One;

    private static BigInteger Scaled(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var magnitude = unchecked((uint)bits[0] + ((BigInteger)(uint)bits[1] << 32) + ((BigInteger)(uint)bits[2] << 64));
        return magnitude * BigInteger.Pow(10, 24 - value.Scale);
    }
}
