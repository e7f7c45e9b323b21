using System.Text.Json;
using BillApis.Pricing;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>Hand-computed amounts.</summary>
public sealed class RatingTests
{
    private const string Tiers = """ "tiers":[{"up_to":10,"unit_amount":10,"flat_amount":2},{"up_to":20,"unit_amount":5,"flat_amount":3},{"up_to":null,"unit_amount":"0.5"}] """;

    [Fact]
    public void The_breakdown_of_the_finest_price_and_quantity_is_stored_and_read_whole()
    {
        var tier = Rating.Rate(Terms(""" "model":"per_unit","unit_amount":"0.000000000001" """), new(0.000000000003m)).Tiers.ShouldHaveSingleItem();
        tier.Amount.ShouldBe(0.000000000000000000000003m);
        JsonSerializer.Deserialize<RatedTier>(JsonSerializer.Serialize(tier, BillingJson.Options), BillingJson.Options).ShouldBe(tier);
    }

    [Fact]
    public void A_quantity_beyond_every_limit_is_refused_by_name() =>
        Should.Throw<BillingException>(() => Rating.Rate(Terms(""" "model":"per_unit","unit_amount":"0.01" """), new(2_000_000_000_000_000m))).Message.ShouldContain("quantity");

    [Theory]
    [InlineData(""" "model":"flat","amount":"49.90" """, "0", "49.9")]
    [InlineData(""" "model":"flat","amount":"49.90" """, "7", "49.9")]
    [InlineData(""" "model":"per_unit","unit_amount":"0.000003" """, "1234567", "3.703701")]
    [InlineData(""" "model":"graduated", """ + Tiers, "0", "0")]
    [InlineData(""" "model":"graduated", """ + Tiers, "0.5", "7")]
    [InlineData(""" "model":"graduated", """ + Tiers, "10", "102")]
    [InlineData(""" "model":"graduated", """ + Tiers, "10.000000000001", "105.000000000005")]
    [InlineData(""" "model":"graduated", """ + Tiers, "25", "157.5")]
    [InlineData(""" "model":"graduated","flat_when_zero":true, """ + Tiers, "0", "2")]
    [InlineData(""" "model":"graduated","included_quantity":5, """ + Tiers, "15", "102")]
    [InlineData(""" "model":"volume", """ + Tiers, "0", "0")]
    [InlineData(""" "model":"volume","flat_when_zero":true, """ + Tiers, "0", "2")]
    [InlineData(""" "model":"volume", """ + Tiers, "10", "102")]
    [InlineData(""" "model":"volume", """ + Tiers, "10.5", "55.5")]
    [InlineData(""" "model":"volume", """ + Tiers, "100", "50")]
    [InlineData(""" "model":"stairstep","tiers":[{"up_to":10,"flat_amount":9},{"up_to":null,"flat_amount":15}] """, "0", "0")]
    [InlineData(""" "model":"stairstep","tiers":[{"up_to":10,"flat_amount":9},{"up_to":null,"flat_amount":15}] """, "10", "9")]
    [InlineData(""" "model":"stairstep","tiers":[{"up_to":10,"flat_amount":9},{"up_to":null,"flat_amount":15}] """, "10.1", "15")]
    [InlineData(""" "model":"package","package_size":10,"package_amount":15 """, "0", "0")]
    [InlineData(""" "model":"package","package_size":10,"package_amount":15 """, "10", "15")]
    [InlineData(""" "model":"package","package_size":10,"package_amount":15 """, "10.000000000001", "30")]
    [InlineData(""" "model":"package","package_size":10,"package_amount":15,"package_rounding":"down" """, "19.9", "15")]
    [InlineData(""" "model":"package","package_size":10,"package_amount":100,"included_quantity":10 """, "121", "1200")]
    [InlineData(""" "model":"package","package_size":3,"package_amount":1 """, "300000000000000.000000000001", "100000000000001")]
    [InlineData(""" "model":"per_unit","unit_amount":2,"allow_negative":true """, "-3", "-6")]
    public void Amounts_are_those_worked_out_by_hand(string price, string quantity, string amount)
    {
        var rated = Rating.Rate(Terms(price), new(Number(quantity)));
        rated.Amount.ShouldBe(Number(amount));
        rated.Tiers.Sum(tier => tier.Amount).ShouldBe(rated.Amount);
    }

    [Fact]
    public void A_negative_quantity_is_refused_unless_the_price_takes_it() =>
        Should.Throw<BillingException>(() => Rating.Rate(Terms(""" "model":"per_unit","unit_amount":2 """), new(-1m))).Details[0].Field.ShouldBe("quantity");

    [Fact]
    public void A_product_with_too_many_digits_is_refused_not_cut() =>
        Should.Throw<BillingException>(() => Rating.Rate(Terms(""" "model":"per_unit","unit_amount":"123456789012345.123456789012" """), new(1.123456789012m)))
            .Message.ShouldContain("more digits than can be kept exactly");

    [Fact]
    public void Minimum_and_maximum_follow_the_part_of_the_period()
    {
        var terms = Terms(""" "model":"per_unit","unit_amount":1,"minimum_amount":100,"maximum_amount":200 """);
        var half = new ProrationFactor(1, 2);
        Adjustment(30, ProrationFactor.Whole).ShouldBe(70m);
        Adjustment(30, half).ShouldBe(20m);
        Adjustment(130, ProrationFactor.Whole).ShouldBe(0m);
        Adjustment(230, ProrationFactor.Whole).ShouldBe(-30m);
        Adjustment(130, half).ShouldBe(-30m);
        Adjustment(70, half).ShouldBe(0m);

        decimal Adjustment(decimal charged, ProrationFactor part) => Rating.Adjustment(terms, Money.Of(charged, terms.Currency), part).Amount;
    }

    // Half of 20.01 is 10.005, a tie: the period comes to 10.01, not to the 10.00 that rounding the negative line by itself would leave.
    [Theory]
    [InlineData("12", "10.01", "-1.99")]
    [InlineData("10.004", "10", "0")]
    [InlineData("10.0049999", "10", "0")]
    [InlineData("10.005", "10.01", "0")]
    [InlineData("10.006", "10.01", "0")]
    [InlineData("5.004", "7.51", "2.51")]
    [InlineData("5.005", "7.51", "2.5")]
    public void A_bound_that_is_a_tie_is_rounded_once_whatever_was_charged(string quantity, string rounded, string adjustment)
    {
        var terms = Terms(""" "model":"per_unit","unit_amount":1,"minimum_amount":"15.01","maximum_amount":"20.01" """);
        var quote = PriceCalculation.Quote(terms, new(Number(quantity)), new(1, 2));
        (quote.AmountRounded, quote.MinimumAdjustment + quote.MaximumAdjustment).ShouldBe((Number(rounded), Number(adjustment)));
        Money.Round(quote.Amount, terms.Currency).Amount.ShouldBe(quote.AmountRounded);
    }

    [Fact]
    public void Each_group_is_rounded_for_itself_as_the_lines_of_an_invoice_are()
    {
        var quote = PriceCalculation.Quote(JsonDocument.Parse("""
            {"price": {"currency":"USD","model":"per_unit","unit_amount":"0.005","group_by":["k"],"maximum_amount":"0.02"},
             "events": [{"properties":{"k":"a"}}, {"properties":{"k":"b"}}, {"properties":{"k":"c"}}]}
            """).RootElement);
        (quote.Amount, quote.AmountRounded, quote.MaximumAdjustment).ShouldBe((0.015m, 0.02m, -0.01m));
    }

    [Fact]
    public void Steps_tell_how_the_amount_came_about()
    {
        var rated = Rating.Rate(Terms(""" "model":"graduated","included_quantity":5, """ + Tiers), new(20m));
        rated.Steps.ShouldBe(
        [
            "quantity 20",
            "5 of 5 included",
            "tier 0–10: 10 × 10 + 2 = 102",
            "tier 10–20: 5 × 5 + 3 = 28",
            "amount 130 USD",
            "rounded half away from zero to 130.00 USD",
        ]);
        rated.EffectiveUnitAmount.ShouldBe(6.5m);
    }

    internal static PriceTerms Terms(string fields) => PriceTerms.Read(JsonDocument.Parse($$"""{"currency":"USD",{{fields}}}""").RootElement);

    internal static decimal Number(string text) => decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
