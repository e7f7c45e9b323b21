using System.Numerics;
using BillApis.Metering;

namespace BillApis.Unit.Tests.Metering;

public sealed class ExactSumTests
{
    [Fact]
    public void A_sum_of_any_size_keeps_every_digit()
    {
        var sum = Enumerable.Repeat(ExactSum.Of(Limits.Magnitude), 1_000).Aggregate((left, right) => left + right);
        sum.ToString().ShouldBe("999999999999999999.999999999");
        (sum + ExactSum.Of(0.000000000001m)).ToString().ShouldBe("999999999999999999.999999999001");
        (sum * 2_678_400_000_000).Units.ShouldBe((BigInteger)999_999_999_999_999_999_999_999_999m * 1_000 * 2_678_400_000_000);
        (sum * -1).ToString().ShouldBe("-999999999999999999.999999999");
    }

    [Fact]
    public void A_decimal_reads_back_as_it_was()
    {
        var random = new Random(5);
        foreach (var value in Enumerable.Range(0, 2_000).Select(_ => new decimal(random.Next(), random.Next(), random.Next(3) == 0 ? random.Next(54_210_108) : 0, random.Next(2) == 0, (byte)random.Next(13))))
        {
            var sum = ExactSum.Of(value);
            (sum.Units * BigInteger.Pow(10, value.Scale)).ShouldBe(Exact.Unscaled(value) * 1_000_000_000_000);
            sum.ToString().ShouldBe(Exact.Format(value));
            ExactSum.Parse(sum.ToString()).ShouldBe(sum);
            ExactSum.Parse(value.ToString("F14", System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(sum);
        }
    }

    [Fact]
    public void Sums_and_products_on_both_sides_of_128_bits_are_those_of_whole_numbers_of_any_size()
    {
        var random = new Random(7);
        BigInteger[] edges = [0, 1, -1, long.MaxValue, long.MinValue, (BigInteger)Int128.MaxValue, (BigInteger)Int128.MinValue, (BigInteger)Int128.MaxValue + 1, (BigInteger)Int128.MinValue - 1, (BigInteger)decimal.MaxValue];
        var values = edges.Concat(edges.Select(edge => edge + random.Next(-3, 4))).Concat(Enumerable.Range(0, 60).Select(i => new BigInteger(Bytes(random, 1 + (i % 20))))).ToList();
        foreach (var left in values)
        {
            foreach (var right in values)
            {
                var sum = new ExactSum(left) + new ExactSum(right);
                sum.Units.ShouldBe(left + right);
                sum.ShouldBe(new ExactSum(left + right));
            }

            foreach (var times in new[] { 0, 1, -1, 3_600_000_000, long.MaxValue, long.MinValue })
            {
                (new ExactSum(left) * times).Units.ShouldBe(left * times);
            }

            ExactSum.Read(left.ToByteArray()).ShouldBe(new ExactSum(left));
            ExactSum.Parse(new ExactSum(left).ToString()).Units.ShouldBe(left);
        }
    }

    [Fact]
    public void A_text_of_any_length_is_read_digit_by_digit()
    {
        var random = new Random(11);
        foreach (var (digits, fraction) in Enumerable.Range(1, 45).SelectMany(digits => Enumerable.Range(0, 13).Select(fraction => (digits, fraction))))
        {
            var (whole, rest) = (Digits(random, digits), Digits(random, fraction));
            var sign = random.Next(2) == 0 ? "-" : "";

            ExactSum.Parse(fraction == 0 ? sign + whole : $"{sign}{whole}.{rest}").Units.ShouldBe(BigInteger.Parse(sign + whole + rest.PadRight(12, '0'), System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void A_sum_as_a_number_is_what_the_finest_rounding_makes_of_its_units()
    {
        var random = new Random(13);
        var finest = new QuantityRounding(RoundingDirection.HalfUp, Limits.FractionDigits);
        BigInteger[] edges = [0, 1, -1, 1_000_000_000_000, -10_000_000_000_000, (BigInteger)decimal.MaxValue, -(BigInteger)decimal.MaxValue];
        foreach (var units in edges.Concat(Enumerable.Range(0, 500).Select(i => new BigInteger(Bytes(random, 1 + (i % 12))))))
        {
            var sum = new ExactSum(units);
            sum.IsDecimal.ShouldBeTrue();
            decimal.GetBits(sum.Value).ShouldBe(decimal.GetBits(finest.Round(units, ExactSum.One)));
        }

        new ExactSum((BigInteger)decimal.MaxValue + 1).IsDecimal.ShouldBeFalse();
        new ExactSum((BigInteger)Int128.MaxValue + 1).IsDecimal.ShouldBeFalse();
    }

    private static string Digits(Random random, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => random.Next(10)));

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
