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
        Rating.TrueUp(terms, 30m, ProrationFactor.Whole).ShouldBe(70m);
        Rating.TrueUp(terms, 30m, half).ShouldBe(20m);
        Rating.TrueUp(terms, 130m, ProrationFactor.Whole).ShouldBe(0m);
        Rating.Cap(terms, 230m, ProrationFactor.Whole).ShouldBe(-30m);
        Rating.Cap(terms, 130m, half).ShouldBe(-30m);
        Rating.Cap(terms, 30m, half).ShouldBe(0m);
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
