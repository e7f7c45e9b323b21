namespace BillApis.Host.Tests;

/// <summary>Prices and usage in every form that a caller may send, and the refusals that name what is wrong.</summary>
public sealed class CalculateTests(HostFixture host)
{
    private const string Tiers = """ "currency":"USD","tiers":[{"up_to":10,"unit_amount":2,"flat_amount":5},{"up_to":null,"unit_amount":"1"}] """;

    [Theory]
    [InlineData("""{"currency":"usd","model":"flat","amount":"25.50"}""", """ "quantity":"3" """, "25.5", "25.5")]
    [InlineData("""{"currency":"USD","model":"flat","amount":25.5}""", "", "25.5", "25.5")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":"0.0000035","maximum_amount":"50"}""", """ "quantity":1234567 """, "4.3209845", "4.32")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":1,"maximum_amount":50}""", """ "quantity":1000 """, "50", "50")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":1,"minimum_amount":50}""", """ "quantity":0 """, "50", "50")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":5,"included_quantity":"2.5"}""", """ "quantity":4 """, "7.5", "7.5")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":5,"allow_negative":true}""", """ "quantity":-4 """, "-20", "-20")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":5}""", """ "events":[{"quantity":1.5},{"quantity":"2"},{}] """, "22.5", "22.5")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":3,"unit_conversion":{"operation":"divide","factor":1000000,"rounding":"half_up"}}""", """ "quantity":2500000 """, "9", "9")]
    [InlineData("""{"currency":"JPY","model":"per_unit","unit_amount":"0.5"}""", """ "quantity":3 """, "1.5", "2")]
    [InlineData("""{"currency":"KWD","model":"per_unit","unit_amount":"0.0005"}""", """ "quantity":1 """, "0.0005", "0.001")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":2,"minimum_amount":50,"currency_options":[{"currency":"JPY","unit_amount":"310.5"}]}""", """ "quantity":1,"currency":"JPY" """, "310.5", "311")]
    [InlineData("""{"model":"graduated",""" + Tiers + "}", """ "quantity":"12.5" """, "27.5", "27.5")]
    [InlineData("""{"model":"graduated","flat_when_zero":true,""" + Tiers + "}", """ "quantity":0 """, "5", "5")]
    [InlineData("""{"model":"graduated","semantics":"lago",""" + Tiers + "}", """ "quantity":0 """, "5", "5")]
    [InlineData("""{"model":"volume",""" + Tiers + "}", """ "quantity":12.5 """, "12.5", "12.5")]
    [InlineData("""{"model":"volume","semantics":"killbill","currency":"USD","tiers":[{"up_to":10,"unit_amount":2}]}""", """ "quantity":11 """, "22", "22")]
    [InlineData("""{"currency":"USD","model":"stairstep","tiers":[{"up_to":"10","flat_amount":"9"},{"up_to":null,"flat_amount":15}]}""", """ "quantity":11 """, "15", "15")]
    [InlineData("""{"currency":"USD","model":"package","package_size":"10","package_amount":2,"package_rounding":"down","included_quantity":1}""", """ "quantity":30 """, "4", "4")]
    [InlineData("""{"currency":"USD","model":"percentage","rate":"2.9","fixed_per_event":"0.3"}""", """ "events":[{"amount":"10"},{"amount":5.5}] """, "1.0495", "1.05")]
    [InlineData("""{"currency":"USD","model":"percentage","rate":10,"free_events":"1","free_amount":"100","min_per_event":2,"max_per_event":"3"}""", """ "events":[{"amount":50},{"amount":5},{"amount":500}] """, "5", "5")]
    [InlineData("""{"currency":"USD","model":"percentage","rate":2,"fixed_per_event":1}""", """ "events":[] """, "0", "0")]
    [InlineData("""{"currency":"USD","model":"percentage","rate":2,"fixed_per_event":1}""", """ "quantity":50 """, "2", "2")]
    [InlineData("""{"currency":"USD","model":"graduated_percentage","tiers":[{"up_to":100,"rate":5},{"up_to":null,"rate":"2","flat_amount":10}]}""", """ "quantity":150 """, "16", "16")]
    [InlineData("""{"currency":"USD","model":"graduated_percentage","tiers":[{"up_to":100,"rate":5},{"up_to":null,"rate":"2","flat_amount":10}]}""", """ "events":[{"amount":90},{"amount":60,"quantity":1}] """, "16", "16")]
    [InlineData("""{"currency":"USD","model":"dynamic"}""", """ "events":[{"amount":"0.402"},{"amount":1}] """, "1.402", "1.4")]
    [InlineData("""{"currency":"USD","model":"dynamic","amount_property":"cost"}""", """ "events":[{"properties":{"cost":0.402}},{"properties":{"cost":"1"}}] """, "1.402", "1.4")]
    [InlineData("""{"currency":"USD","model":"matrix","dimensions":["region","spot"],"cells":[{"values":["eu",true],"unit_amount":2},{"values":{"region":"us"},"unit_amount":"3"}],"default_unit_amount":1}""",
        """ "events":[{"quantity":2,"properties":{"region":"eu","spot":true}},{"quantity":3,"properties":{"region":"us","spot":false}},{"quantity":4,"properties":{"region":"asia"}}] """, "17", "17")]
    [InlineData("""{"currency":"USD","model":"per_unit","unit_amount":"0.005","group_by":["k"]}""", """ "events":[{"properties":{"k":"a"}},{"properties":{"k":"b"}}] """, "0.01", "0.02")]
    public async Task Every_form_is_understood(string price, string usage, string amount, string rounded)
    {
        var answer = (await host.Api.PostAsync("/pricing/calculate", $$"""{"price":{{price}}{{(usage.Length > 0 ? "," : "")}}{{usage}}}""")).Ok();
        (answer.GetProperty("amount").GetRawText(), answer.GetProperty("amount_rounded").GetRawText()).ShouldBe((amount, rounded));
        answer.GetProperty("currency").GetString()!.Length.ShouldBe(3);
        answer.GetProperty("steps").GetArrayLength().ShouldBeGreaterThan(1);
        foreach (var field in new[] { "unit_amount_effective", "tiers", "groups", "minimum_adjustment", "maximum_adjustment" })
        {
            answer.TryGetProperty(field, out _).ShouldBeTrue(field);
        }
    }

    [Theory]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1},"quantity":1,"currency":"EUR"}""", "currency")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1,"currency_options":[{"currency":"USD","unit_amount":1}]},"quantity":1}""", "price.currency_options[0].currency")]
    [InlineData("""{"price":null,"quantity":1}""", "price")]
    [InlineData("""{"price":5,"quantity":1}""", "price")]
    [InlineData("""{"price":[],"quantity":1}""", "price")]
    [InlineData("""{"price":{"model":"flat","amount":1}}""", "price.currency")]
    [InlineData("""{"price":{"currency":"USDT","model":"flat","amount":1}}""", "price.currency")]
    [InlineData("""{"price":{"currency":5,"model":"flat","amount":1}}""", "price.currency")]
    [InlineData("""{"price":{"currency":"USD","model":"tiered","tiers":[]},"quantity":1}""", "price.model")]
    [InlineData("""{"price":{"currency":"USD","model":5},"quantity":1}""", "price.model")]
    [InlineData("""{"price":{"currency":"USD","model":"flat","amount":1e30}}""", "price.amount")]
    [InlineData("""{"price":{"currency":"USD","model":"flat","amount":1e999999999}}""", "price.amount")]
    [InlineData("""{"price":{"currency":"USD","model":"flat","amount":"NaN"}}""", "price.amount")]
    [InlineData("""{"price":{"currency":"USD","model":"flat","amount":true}}""", "price.amount")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":"0.0000000000001"},"quantity":1}""", "price.unit_amount")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":-1},"quantity":1}""", "price.unit_amount")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1},"quantity":1e16}""", "quantity")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1},"quantity":-1}""", "quantity")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1},"quantity":"many"}""", "quantity")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1}}""", "quantity")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":999999999999999},"quantity":999999999999999}""", "quantity")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1000000000000},"quantity":1000000000000}""", "quantity")]
    [InlineData("""{"price":{"currency":"USD","model":"graduated"},"quantity":1}""", "price.tiers")]
    [InlineData("""{"price":{"currency":"USD","model":"graduated","tiers":[]},"quantity":1}""", "price.tiers")]
    [InlineData("""{"price":{"currency":"USD","model":"graduated","tiers":"none"},"quantity":1}""", "price.tiers")]
    [InlineData("""{"price":{"currency":"USD","model":"graduated","tiers":[null]},"quantity":1}""", "price.tiers[0]")]
    [InlineData("""{"price":{"currency":"USD","model":"graduated","tiers":[{"up_to":10,"unit_amount":1}]},"quantity":1}""", "price.tiers[0].up_to")]
    [InlineData("""{"price":{"currency":"USD","model":"volume","tiers":[{"up_to":10,"unit_amount":1},{"up_to":5,"unit_amount":1},{"up_to":null,"unit_amount":1}]},"quantity":1}""", "price.tiers[1].up_to")]
    [InlineData("""{"price":{"currency":"USD","model":"volume","tiers":[{"up_to":10,"unit_amount":1},{"up_to":10,"unit_amount":1},{"up_to":null,"unit_amount":1}]},"quantity":1}""", "price.tiers[1].up_to")]
    [InlineData("""{"price":{"currency":"USD","model":"volume","tiers":[{"up_to":-5,"unit_amount":1},{"up_to":null,"unit_amount":1}]},"quantity":1}""", "price.tiers[0].up_to")]
    [InlineData("""{"price":{"currency":"USD","model":"graduated_percentage","tiers":[{"up_to":10,"rate":1}]},"quantity":1}""", "price.tiers[0].up_to")]
    [InlineData("""{"price":{"currency":"USD","model":"stairstep","tiers":[{"up_to":10,"flat_amount":1}]},"quantity":1}""", "price.tiers[0].up_to")]
    [InlineData("""{"price":{"currency":"USD","model":"package","package_size":-1,"package_amount":1},"quantity":1}""", "price.package_size")]
    [InlineData("""{"price":{"currency":"USD","model":"package","package_size":0,"package_amount":1},"quantity":1}""", "price.package_size")]
    [InlineData("""{"price":{"currency":"USD","model":"package","package_size":10,"package_amount":1,"package_rounding":"nearest"},"quantity":1}""", "price.package_rounding")]
    [InlineData("""{"price":{"currency":"USD","model":"percentage"},"quantity":1}""", "price.rate")]
    [InlineData("""{"price":{"currency":"USD","model":"percentage","rate":1,"free_events":1.5},"quantity":1}""", "price.free_events")]
    [InlineData("""{"price":{"currency":"USD","model":"percentage","rate":1,"free_events":-1},"quantity":1}""", "price.free_events")]
    [InlineData("""{"price":{"currency":"USD","model":"percentage","rate":1,"min_per_event":2,"max_per_event":1},"quantity":1}""", "price.min_per_event")]
    [InlineData("""{"price":{"currency":"USD","model":"percentage","rate":1},"events":[{"quantity":5}]}""", "events[0].amount")]
    [InlineData("""{"price":{"currency":"USD","model":"percentage","rate":1},"events":[{"amount":5},{"amount":-5}]}""", "events[1].amount")]
    [InlineData("""{"price":{"currency":"USD","model":"dynamic","amount_property":"cost"},"events":[{"properties":{"cost":"free"}}]}""", "events[0].properties.cost")]
    [InlineData("""{"price":{"currency":"USD","model":"dynamic","amount_property":"cost"},"events":[{"properties":{"price":1}}]}""", "events[0].amount")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1},"events":{}}""", "events")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1},"events":[5]}""", "events[0]")]
    [InlineData("""{"price":{"currency":"USD","model":"matrix","cells":[]},"quantity":1}""", "price.dimensions")]
    [InlineData("""{"price":{"currency":"USD","model":"matrix","dimensions":["a","b"],"cells":[{"values":["x"],"unit_amount":1}]},"quantity":1}""", "price.cells[0].values")]
    [InlineData("""{"price":{"currency":"USD","model":"matrix","dimensions":["a"],"cells":[{"values":["x"],"unit_amount":1}]},"events":[{"properties":{"a":"y"}}]}""", "events")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1,"minimum_amount":2,"maximum_amount":1},"quantity":1}""", "price.minimum_amount")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1,"semantics":"chargebee"},"quantity":1}""", "price.semantics")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1,"unit_conversion":{"operation":"divide","factor":0}},"quantity":1}""", "price.unit_conversion.factor")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1,"tiers":[]},"quantity":1}""", "price.tiers")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1,"allow_negative":"yes"},"quantity":1}""", "price.allow_negative")]
    [InlineData("""{"price":{"currency":"USD","model":"per_unit","unit_amount":1},"quantity":1,"units":2}""", "units")]
    [InlineData("""{"price":{"currency":"USD","model":"flat","amount":1},"period":{"start":"2026-02-01T00:00:00Z","end":"2026-01-01T00:00:00Z"}}""", "period.end")]
    [InlineData("""{"price":{"currency":"USD","model":"flat","amount":1},"period":{"start":"yesterday","end":"2026-01-01T00:00:00Z"}}""", "period.start")]
    [InlineData("[]", "body")]
    public async Task A_refusal_names_the_field(string request, string field) =>
        (await host.Api.PostAsync("/pricing/calculate", request)).ShouldFail(400, "VAL_001", field);
}
