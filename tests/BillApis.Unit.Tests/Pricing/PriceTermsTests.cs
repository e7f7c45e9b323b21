using System.Text.Json;
using BillApis.Pricing;

namespace BillApis.Unit.Tests.Pricing;

public sealed class PriceTermsTests
{
    [Theory]
    [InlineData("""{}""", "currency")]
    [InlineData("""{"currency":"ZZZ"}""", "currency")]
    [InlineData("""{"currency":"USD"}""", "model")]
    [InlineData("""{"currency":"USD","model":"free"}""", "model")]
    [InlineData("""{"currency":"USD","model":"flat"}""", "amount")]
    [InlineData("""{"currency":"USD","model":"flat","amount":-1}""", "amount")]
    [InlineData("""{"currency":"USD","model":"flat","amount":"a"}""", "amount")]
    [InlineData("""{"currency":"USD","model":"flat","amount":0.1234567890123}""", "amount")]
    [InlineData("""{"currency":"USD","model":"flat","amount":1,"unit_amount":1}""", "unit_amount")]
    [InlineData("""{"currency":"USD","model":"flat","amount":1,"interval":"fortnight"}""", "interval")]
    [InlineData("""{"currency":"USD","model":"flat","amount":1,"interval_count":0}""", "interval_count")]
    [InlineData("""{"currency":"USD","model":"flat","amount":1,"interval":"year","interval_count":11}""", "interval_count")]
    [InlineData("""{"currency":"USD","model":"flat","amount":1,"timing":"later"}""", "timing")]
    [InlineData("""{"currency":"USD","model":"flat","amount":1,"flat_when_zero":1}""", "flat_when_zero")]
    [InlineData("""{"currency":"USD","model":"flat","amount":1,"minimum_amount":2,"maximum_amount":1}""", "minimum_amount")]
    [InlineData("""{"currency":"USD","model":"package","package_size":0,"package_amount":1}""", "package_size")]
    [InlineData("""{"currency":"USD","model":"graduated"}""", "tiers")]
    [InlineData("""{"currency":"USD","model":"graduated","tiers":[]}""", "tiers")]
    [InlineData("""{"currency":"USD","model":"graduated","tiers":{}}""", "tiers")]
    [InlineData("""{"currency":"USD","model":"graduated","tiers":[1]}""", "tiers[0]")]
    [InlineData("""{"currency":"USD","model":"graduated","tiers":[{"unit_amount":1}]}""", "tiers[0].up_to")]
    [InlineData("""{"currency":"USD","model":"graduated","tiers":[{"up_to":null}]}""", "tiers[0].unit_amount")]
    [InlineData("""{"currency":"USD","model":"graduated","tiers":[{"up_to":null,"unit_amount":1,"price":1}]}""", "tiers[0].price")]
    [InlineData("""{"currency":"USD","model":"graduated","tiers":[{"up_to":10,"unit_amount":1}]}""", "tiers[0].up_to")]
    [InlineData("""{"currency":"USD","model":"volume","tiers":[{"up_to":0,"unit_amount":1},{"up_to":null,"unit_amount":1}]}""", "tiers[0].up_to")]
    [InlineData("""{"currency":"USD","model":"volume","tiers":[{"up_to":10,"unit_amount":1},{"up_to":10,"unit_amount":2},{"up_to":null,"unit_amount":1}]}""", "tiers[1].up_to")]
    [InlineData("""{"currency":"USD","model":"volume","tiers":[{"up_to":null,"unit_amount":1},{"up_to":10,"unit_amount":2}]}""", "tiers[0].up_to")]
    [InlineData("""{"currency":"USD","model":"volume","tiers":[{"up_to":null,"unit_amount":-1}]}""", "tiers[0].unit_amount")]
    [InlineData("""{"currency":"USD","model":"stairstep","tiers":[{"up_to":null,"unit_amount":1,"flat_amount":1}]}""", "tiers[0].unit_amount")]
    public void A_refusal_names_the_field(string json, string field)
    {
        var refusal = Should.Throw<BillingException>(() => PriceTerms.Read(JsonDocument.Parse(json).RootElement, "items[0].price"));
        refusal.Code.ShouldBe(BillingErrorCode.Invalid);
        refusal.Details[0].Field.ShouldBe("items[0].price." + field);
    }

    [Theory]
    [InlineData("""{"currency":"JPY","model":"flat","amount":49.9}""")]
    [InlineData("""{"currency":"USD","model":"flat","amount":49.9,"interval":"once"}""")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":0.000001,"interval":"half_year","interval_count":2,"timing":"in_advance","proration":"by_day","tax_category":"saas"}""")]
    [InlineData("""{"currency":"USD","model":"graduated","tiers":[{"up_to":10.5,"unit_amount":1},{"up_to":null,"unit_amount":0,"flat_amount":7}],"included_quantity":3,"minimum_amount":1,"maximum_amount":2,"flat_when_zero":true,"allow_negative":true}""")]
    [InlineData("""{"currency":"USD","model":"volume","tiers":[{"up_to":null,"unit_amount":1}]}""")]
    [InlineData("""{"currency":"USD","model":"stairstep","tiers":[{"up_to":null,"flat_amount":1}]}""")]
    [InlineData("""{"currency":"USD","model":"package","package_size":1000,"package_amount":2,"package_rounding":"down"}""")]
    public void Every_model_round_trips(string json)
    {
        var once = JsonSerializer.Serialize(JsonSerializer.Deserialize<PriceTerms>(json, BillingJson.Options), BillingJson.Options);
        JsonSerializer.Serialize(JsonSerializer.Deserialize<PriceTerms>(once, BillingJson.Options), BillingJson.Options).ShouldBe(once);
        var (asked, kept) = (JsonDocument.Parse(json).RootElement, JsonDocument.Parse(once).RootElement);
        foreach (var property in asked.EnumerateObject().Where(property => property.Name != "tiers"))
        {
            kept.GetProperty(property.Name).ToString().ShouldBe(property.Value.ToString());
        }
    }

    [Fact]
    public void What_is_left_out_gets_the_documented_default()
    {
        var terms = PriceTerms.Read(JsonDocument.Parse("""{"code":"seat","currency":"usd","model":"flat","amount":"1"}""").RootElement, "", "code");
        terms.ShouldSatisfyAllConditions(
            () => terms.Interval.ShouldBe(new BillingInterval(IntervalUnit.Month, 1)),
            () => terms.Timing.ShouldBe(BillingTiming.InAdvance),
            () => terms.Proration.ShouldBe(BillApis.Pricing.Proration.BySecond),
            () => RatingTests.Terms(""" "model":"per_unit","unit_amount":1 """).Timing.ShouldBe(BillingTiming.InArrears));
    }

    [Fact]
    public void A_price_is_stored_and_read_whole()
    {
        var price = new Price
        {
            Id = EntityId.New<PriceId>(),
            Tenant = TenantId.Default,
            Code = "tokens",
            Metric = EntityId.New<MetricId>(),
            Terms = RatingTests.Terms(""" "model":"per_unit","unit_amount":1 """),
            Metadata = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("a", "b"),
            CreatedAt = NodaTime.Instant.FromUnixTimeSeconds(1_800_000_000),
        };
        var json = JsonSerializer.Serialize(price, BillingJson.Options);
        var read = JsonSerializer.Deserialize<Price>(json, BillingJson.Options)!;
        JsonSerializer.Serialize(read, BillingJson.Options).ShouldBe(json);
        (read.Id, read.Code, read.IsMetered, read.Metadata["a"]).ShouldBe((price.Id, "tokens", true, "b"));
    }
}
