using System.Globalization;
using System.Numerics;
using FsCheck;
using FsCheck.Fluent;

namespace BillApis.Unit.Tests.Abstractions;

public sealed class ExactTests
{
    private static readonly Gen<decimal> Decimals =
        from low in Gen.Choose(int.MinValue, int.MaxValue)
        from middle in Gen.Choose(0, int.MaxValue)
        from high in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(0, int.MaxValue)))
        from scale in Gen.Choose(0, 28)
        from negative in Gen.Elements(true, false)
        select new decimal(low, middle, high, negative, (byte)scale);

    // A rational number is the oracle: the result is exactly right or refused, never nearly right.
    [Fact]
    public void Products_and_sums_are_exact_or_refused() =>
        Prop.ForAll(Gen.Two(Decimals).ToArbitrary(), pair =>
            ExactOrRefused(() => Exact.Multiply(pair.Item1, pair.Item2), Unscaled(pair.Item1) * Unscaled(pair.Item2), pair.Item1.Scale + pair.Item2.Scale)
            && ExactOrRefused(() => Exact.Add(pair.Item1, pair.Item2), (Unscaled(pair.Item1) * BigInteger.Pow(10, pair.Item2.Scale)) + (Unscaled(pair.Item2) * BigInteger.Pow(10, pair.Item1.Scale)), pair.Item1.Scale + pair.Item2.Scale))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));

    [Theory]
    [InlineData("1.500", "1.5")]
    [InlineData("1e2", "100")]
    [InlineData("-0.000000000001", "-0.000000000001")]
    [InlineData("999999999999999.999999999999", "999999999999999.999999999999")]
    public void Numbers_have_one_spelling(string text, string expected)
    {
        Exact.TryParse(text, out var value).ShouldBeTrue();
        Exact.Format(value).ShouldBe(expected);
    }

    [Theory]
    [InlineData("0.0000000000001")] // 13 fractional digits
    [InlineData("1000000000000000")] // 16 integer digits
    [InlineData("1e-40")]
    [InlineData("1e40")]
    [InlineData("0.99999999999999999999999999999999")]
    [InlineData("1,5")]
    [InlineData(" 1")]
    [InlineData("NaN")]
    [InlineData("")]
    public void What_would_lose_a_digit_is_refused(string text) => Exact.TryParse(text, out _).ShouldBeFalse();

    private static bool ExactOrRefused(Func<decimal> operation, BigInteger expected, int scale)
    {
        try
        {
            var result = operation();
            return Unscaled(result) * BigInteger.Pow(10, scale) == expected * BigInteger.Pow(10, result.Scale);
        }
        catch (OverflowException)
        {
            // Refused only where it really has more digits than a decimal holds.
            while (scale > 0 && expected % 10 == 0)
            {
                (expected, scale) = (expected / 10, scale - 1);
            }

            return scale > 28 || BigInteger.Abs(expected) >= BigInteger.Pow(2, 96);
        }
    }

    private static BigInteger Unscaled(decimal value)
    {
        var bits = decimal.GetBits(value);
        var magnitude = unchecked(new BigInteger((uint)bits[0]) + (new BigInteger((uint)bits[1]) << 32) + (new BigInteger((uint)bits[2]) << 64));
        return value < 0 ? -magnitude : magnitude;
    }
}
