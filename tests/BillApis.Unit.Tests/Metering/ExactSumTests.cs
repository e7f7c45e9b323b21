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
}
