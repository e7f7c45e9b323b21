using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace BillApis.Unit.Tests.Abstractions;

public sealed class MoneyTests
{
    private static readonly Gen<Money> Moneys =
        from currency in Gen.Elements("USD", "JPY", "KWD", "CLF").Select(Currency.Parse)
        from units in Gen.Choose(-1_000_000, 1_000_000)
        select Money.FromMinorUnits(units, currency);

    [Fact]
    public void Allocation_loses_nothing_and_strays_less_than_a_unit_from_the_exact_share() =>
        Prop.ForAll(
            (from money in Moneys
             from weights in Gen.OneOf(Gen.Choose(0, 1000).Select(weight => weight / 8m), Gen.Choose(0, int.MaxValue).Select(weight => weight * 4.000_000_000_1m)).NonEmptyListOf()
             where weights.Sum() > 0
             select (money, weights)).ToArbitrary(),
            sample =>
            {
                var shares = sample.money.Allocate([.. sample.weights]);
                var total = sample.weights.Sum();
                return shares.Sum(share => share.MinorUnits) == sample.money.MinorUnits
                    && shares.Zip(sample.weights).All(pair => Math.Abs(pair.First.MinorUnits - (sample.money.MinorUnits * pair.Second / total)) < 1);
            })
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("USD", 100, new[] { 1, 1, 1 }, new[] { 34, 33, 33 })]
    [InlineData("USD", -100, new[] { 1, 1, 1 }, new[] { -34, -33, -33 })]
    [InlineData("JPY", 5, new[] { 3, 0, 7 }, new[] { 2, 0, 3 })] // 1.5 and 3.5: the tie goes to the earlier
    [InlineData("USD", 1, new[] { 1, 2, 1 }, new[] { 0, 1, 0 })]
    public void Ties_go_to_the_earlier_share(string currency, int minor, int[] weights, int[] expected) =>
        Money.FromMinorUnits(minor, Currency.Parse(currency)).Allocate([.. weights.Select(weight => (decimal)weight)]).Select(share => (int)share.MinorUnits).ShouldBe(expected);

    [Theory]
    [InlineData("USD", "0.005", "0.01 USD")]
    [InlineData("USD", "-0.005", "-0.01 USD")]
    [InlineData("USD", "2.675", "2.68 USD")]
    [InlineData("JPY", "0.5", "1 JPY")]
    [InlineData("KWD", "1.0005", "1.001 KWD")]
    [InlineData("CLF", "0.00005", "0.0001 CLF")]
    public void Rounding_goes_half_away_from_zero_to_the_minor_unit(string currency, string amount, string expected) =>
        Money.Round(decimal.Parse(amount, CultureInfo.InvariantCulture), Currency.Parse(currency)).ToString().ShouldBe(expected);

    [Fact]
    public void Currencies_do_not_mix_and_a_finer_amount_is_not_money()
    {
        var (usd, eur) = (Money.Of(1m, Currency.Parse("USD")), Money.Of(1m, Currency.Parse("EUR")));
        Should.Throw<InvalidOperationException>(() => usd + eur);
        Should.Throw<InvalidOperationException>(() => usd < eur);
        Should.Throw<ArgumentException>(() => Money.Of(0.001m, Currency.Parse("USD")));
        Should.Throw<OverflowException>(() => Money.Of(1e17m, Currency.Parse("USD")));
        Should.Throw<ArgumentException>(() => usd.Allocate([0m, 0m]));
        default(Money).ToString().ShouldBe("0 XXX");
    }

    [Theory]
    [InlineData("USD", 2)]
    [InlineData("jpy", 0)]
    [InlineData("KWD", 3)]
    [InlineData("UYW", 4)]
    [InlineData("ISK", 0)]
    [InlineData("UGX", 0)]
    public void Every_currency_knows_its_minor_unit(string code, int digits) => Currency.Parse(code).MinorUnitDigits.ShouldBe(digits);

    [Fact]
    public void An_unknown_code_is_refused()
    {
        Currency.TryParse("ABC", out _).ShouldBeFalse();
        Currency.TryParse(null, out _).ShouldBeFalse();
        Should.Throw<FormatException>(() => Currency.Parse("US"));
        Currency.All.Count().ShouldBeGreaterThan(150);
    }
}
