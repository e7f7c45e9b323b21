using System.Numerics;
using BillApis.Pricing;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>The short way of a price per unit, around every limit of what it may take, against whole numbers.</summary>
public sealed class FewDigitsTests
{
    private const decimal Finest = 0.000_000_000_001m;

    // On and beside 10¹³ and 10¹⁵ counts of each scale, 2⁶⁴, and the limits of a price and a quantity.
    private static readonly decimal[] Edges =
    [
        .. from scale in Enumerable.Range(0, 13)
           from count in new[] { 0m, 1, 9_999_999_999_999, 10_000_000_000_000, 10_000_000_000_001, 999_999_999_999_999, 1_000_000_000_000_000, 18_446_744_073_709_551_615m, 18_446_744_073_709_551_616m, 123_456_789_012_345_678_901_234_567m }
           let value = count * new decimal(1, 0, 0, false, (byte)scale)
           where value <= Limits.Magnitude
           select value,
    ];

    [Fact]
    public void Every_product_is_exact_or_refused()
    {
        var (exact, refused) = (0, 0);
        foreach (var price in Edges)
        {
            var terms = new PriceTerms { Currency = Currency.Parse("USD"), Model = new PerUnitPrice(price) }.Validated();
            foreach (var quantity in Edges)
            {
                try
                {
                    var amount = Rating.Rate(terms, new(quantity)).Amount;
                    (Exact.Unscaled(amount) * BigInteger.Pow(10, price.Scale + quantity.Scale)).ShouldBe(Exact.Unscaled(price) * Exact.Unscaled(quantity) * BigInteger.Pow(10, amount.Scale));
                    exact++;
                }
                catch (BillingException)
                {
                    // Only what has more digits than the 96 bits of a decimal hold, in lowest terms.
                    (Digits(price) * Digits(quantity) > BigInteger.Pow(2, 96) - 1 || Exact.Normalize(price).Scale + Exact.Normalize(quantity).Scale > 28).ShouldBeTrue($"{price} × {quantity}");
                    refused++;
                }
            }
        }

        (exact > 5_000, refused > 500).ShouldBe((true, true), $"{exact} exact, {refused} refused");
    }

    [Fact]
    public void A_price_that_is_changed_is_rated_as_what_it_became()
    {
        Rate(new PerUnitPrice(1) with { UnitAmount = 999_999_999_999_999m }, 2).ShouldBe(1_999_999_999_999_998m);
        Rate(new StairstepPrice([new(null, 0, 7)]) with { Tiers = [new(null, 0, 9)] }, 2).ShouldBe(9);
        Rate(new GraduatedPercentagePrice([new(null, 10, 0)]) with { Tiers = [new(null, 20, 0)] }, 50).ShouldBe(10);
    }

    [Theory]
    [InlineData("0.0000000000001")]
    [InlineData("1000000000000000")]
    [InlineData("79228162514264337593543950335")]
    public void A_quantity_beyond_the_limits_is_refused(string quantity) =>
        Should.Throw<BillingException>(() => Rate(new PerUnitPrice(Finest), RatingTests.Number(quantity))).Details[0].Field.ShouldBe("quantity");

    private static decimal Rate(PriceModel model, decimal quantity) => Rating.Rate(new PriceTerms { Currency = Currency.Parse("USD"), Model = model }, new(quantity)).Amount;

    private static BigInteger Digits(decimal value) => Exact.Unscaled(Exact.Normalize(value));
}
