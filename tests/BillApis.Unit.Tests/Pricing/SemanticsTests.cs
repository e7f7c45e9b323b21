using System.Text.Json;
using BillApis.Pricing;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>Where billing systems differ, each reading by hand-made numbers; docs/pricing.md names where each is taken from.</summary>
public sealed class SemanticsTests
{
    private const string Open = """ "tiers":[{"up_to":10,"unit_amount":2,"flat_amount":5},{"up_to":null,"unit_amount":1,"flat_amount":3}] """;
    private const string Ends = """ "tiers":[{"up_to":10,"unit_amount":2,"flat_amount":5},{"up_to":20,"unit_amount":1,"flat_amount":3}] """;

    [Theory]
    [InlineData("billapis", "0")]
    [InlineData("killbill", "0")]
    [InlineData("flexprice", "0")]
    [InlineData("lago", "5")]
    [InlineData("openmeter", "5")]
    [InlineData("stripe", "5")]
    public void No_usage_of_tiers(string semantics, string amount)
    {
        Amount(semantics, """ "model":"graduated", """ + Open, "0").ShouldBe(Number(amount));
        Amount(semantics, """ "model":"volume", """ + Open, "0").ShouldBe(Number(amount));
        Amount(semantics, """ "model":"graduated","flat_when_zero":true, """ + Open, "0").ShouldBe(5);
        Amount(semantics, """ "model":"volume","flat_when_zero":false, """ + Open, "0").ShouldBe(0);
    }

    [Theory]
    [InlineData("billapis")]
    [InlineData("lago")]
    [InlineData("openmeter")]
    [InlineData("killbill")]
    [InlineData("stripe")]
    [InlineData("flexprice")]
    public void A_bound_belongs_to_its_own_tier_for_all(string semantics)
    {
        Amount(semantics, """ "model":"graduated", """ + Open, "10").ShouldBe(25);
        Amount(semantics, """ "model":"volume", """ + Open, "10").ShouldBe(25);
        Amount(semantics, """ "model":"graduated", """ + Open, "11").ShouldBe(29);
        Amount(semantics, """ "model":"volume", """ + Open, "11").ShouldBe(14);
        Amount(semantics, """ "model":"package","package_size":10,"package_amount":7,"included_quantity":5 """, "16").ShouldBe(14);
    }

    [Theory]
    [InlineData("billapis", "12.5", "30.5", "15.5")]
    [InlineData("lago", "12.5", "30.5", "15.5")]
    [InlineData("flexprice", "12.5", "30.5", "15.5")]
    [InlineData("killbill", "12.5", "31", "16")]
    [InlineData("killbill", "9.1", "25", "25")]
    [InlineData("killbill", "10.1", "29", "14")]
    [InlineData("killbill", "12", "30", "15")]
    public void A_begun_unit_is_a_whole_one_for_kill_bill_alone(string semantics, string quantity, string graduated, string volume)
    {
        Amount(semantics, """ "model":"graduated", """ + Open, quantity).ShouldBe(Number(graduated));
        Amount(semantics, """ "model":"volume", """ + Open, quantity).ShouldBe(Number(volume));
    }

    [Theory]
    [InlineData("killbill")]
    [InlineData("flexprice")]
    public void Beyond_a_last_tier_that_ends(string semantics)
    {
        Amount(semantics, """ "model":"graduated", """ + Ends, "20").ShouldBe(38);
        Amount(semantics, """ "model":"graduated", """ + Ends, "25").ShouldBe(38);
        Amount(semantics, """ "model":"volume", """ + Ends, "25").ShouldBe(28);
        Amount(semantics, """ "model":"stairstep","tiers":[{"up_to":10,"flat_amount":9},{"up_to":20,"flat_amount":15}] """, "25").ShouldBe(15);
        var rated = Rating.Rate(Terms(semantics, """ "model":"graduated", """ + Ends), new(25));
        (rated.BilledQuantity, rated.Tiers.Sum(tier => tier.Quantity)).ShouldBe((20, 20));
        rated.Steps.ShouldContain("5 beyond the last tier for nothing");
        var stored = JsonSerializer.Serialize(rated.Terms, BillingJson.Options);
        JsonSerializer.Serialize(JsonSerializer.Deserialize<PriceTerms>(stored, BillingJson.Options), BillingJson.Options).ShouldBe(stored);
    }

    [Theory]
    [InlineData("billapis")]
    [InlineData("lago")]
    [InlineData("openmeter")]
    [InlineData("stripe")]
    public void A_last_tier_that_ends_is_refused_by_the_others(string semantics)
    {
        foreach (var model in new[] { "graduated", "volume" })
        {
            Should.Throw<BillingException>(() => Terms(semantics, $""" "model":"{model}", """ + Ends)).Details[0].Field.ShouldBe("tiers[1].up_to");
        }
    }

    // Two free events and 50 free: after two events of 20, the 10 that are left reach the third only where either limit keeps the allowance open.
    [Theory]
    [InlineData("billapis", "6")]
    [InlineData("openmeter", "6")]
    [InlineData("lago", "5")]
    public void An_allowance_with_a_minimum_per_event(string semantics, string amount) =>
        PriceCalculation.Quote(JsonDocument.Parse($$"""
            {"price": {"currency":"USD","semantics":"{{semantics}}","model":"percentage","rate":10,"free_events":2,"free_amount":50,"min_per_event":1},
             "events": [{"amount":20}, {"amount":20}, {"amount":20}, {"amount":40}]}
            """).RootElement).Amount.ShouldBe(Number(amount));

    [Theory]
    [InlineData("billapis", "0.402")]
    [InlineData("lago", "0")]
    public void Amounts_of_events_that_come_to_no_units(string semantics, string amount) =>
        PriceCalculation.Quote(JsonDocument.Parse($$"""{"price": {"currency":"USD","semantics":"{{semantics}}","model":"dynamic"}, "quantity": 0, "events": [{"amount": 0.402}]}""").RootElement)
            .Amount.ShouldBe(Number(amount));

    private static decimal Amount(string semantics, string price, string quantity)
    {
        var rated = Rating.Rate(Terms(semantics, price), new(Number(quantity)));
        rated.Tiers.Sum(tier => tier.Amount).ShouldBe(rated.Amount);
        return rated.Amount;
    }

    private static PriceTerms Terms(string semantics, string price) => RatingTests.Terms($""" "semantics":"{semantics}",""" + price);

    private static decimal Number(string text) => RatingTests.Number(text);
}
