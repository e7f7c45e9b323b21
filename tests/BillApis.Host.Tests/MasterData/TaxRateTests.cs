using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class TaxRateTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task The_rate_of_the_place_the_category_and_the_date_is_charged()
    {
        await RateAsync(new { name = "VAT", country = "SE", percentage = 20, valid_to = "2020-01-01T00:00:00Z" });
        await RateAsync(new { name = "VAT", country = "SE", percentage = "25", valid_from = "2020-01-01T00:00:00Z" });
        await RateAsync(new { name = "VAT", country = "SE", percentage = 6, tax_category = "books" });
        await RateAsync(new { name = "VAT", country = "SE", percentage = 0, region = "Gotland" });

        var draft = await DraftAsync(await CustomerAsync(new { name = "A", currency = "USD", country = "SE" }));
        draft.GetProperty("tax_total").GetRawText().ShouldBe("28"); // 25 % of 100 and 6 % of 50
        draft.GetProperty("total").GetRawText().ShouldBe("178");
        draft.GetProperty("tax_lines").EnumerateArray().Select(line => (line.GetProperty("percentage").GetDecimal(), line.GetProperty("taxable_amount").GetDecimal(), line.GetProperty("amount").GetDecimal()))
            .ShouldBe([(25m, 100m, 25m), (6m, 50m, 3m)]);
        (await DraftAsync(await CustomerAsync(new { name = "A", currency = "USD", country = "SE", address = new { region = "Gotland" } }))).GetProperty("total").GetRawText().ShouldBe("150");
        (await DraftAsync(await CustomerAsync(new { name = "A", currency = "USD", country = "NO" }))).GetProperty("tax_lines").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Who_is_exempt_or_a_business_of_the_union_is_charged_none_and_the_invoice_says_why()
    {
        var rate = await RateAsync(new { country = "FI", percentage = 24 });

        Treatment(await DraftAsync(await CustomerAsync(new { name = "A", currency = "USD", country = "FI", tax_exempt = true }))).ShouldBe(("exempt", 0m));
        Treatment(await DraftAsync(await CustomerAsync(new { name = "A", currency = "USD", country = "FI", tax_id = "FI12345678" }))).ShouldBe(("reverse_charge", 0m));
        Treatment(await DraftAsync(await CustomerAsync(new { name = "A", currency = "USD", country = "FI", tax_id = "FI1234567" }))).ShouldBe(("standard", 36m));
        (await _api.PatchAsync($"/tax-rates/{Seed.Id(rate)}", new { reverse_charge = false })).Ok();
        Treatment(await DraftAsync(await CustomerAsync(new { name = "A", currency = "USD", country = "FI", tax_id = "FI12345678" }))).ShouldBe(("standard", 36m));

        static (string?, decimal) Treatment(JsonElement draft) =>
            (draft.GetProperty("tax_lines")[0].GetProperty("treatment").GetString(), draft.GetProperty("tax_total").GetDecimal());
    }

    [Fact]
    public async Task A_tax_in_the_price_adds_nothing_and_stays_as_it_was_decided()
    {
        var rate = await RateAsync(new { country = "CH", percentage = 25, inclusive = true });
        var customer = await CustomerAsync(new { name = "A", currency = "USD", country = "CH" });
        var draft = await DraftAsync(customer);
        (draft.GetProperty("tax_total").GetRawText(), draft.GetProperty("total").GetRawText()).ShouldBe(("30", "150"));

        (await _api.DeleteAsync($"/tax-rates/{Seed.Id(rate)}")).ShouldFail(409, "CON_001");
        (await _api.PatchAsync($"/tax-rates/{Seed.Id(rate)}", new { percentage = 50 })).Ok();
        (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(draft)}/issue")).Ok().GetProperty("tax_total").GetRawText().ShouldBe("30");
        (await _api.DeleteAsync($"/tax-rates/{Seed.Id(rate)}")).Ok().GetProperty("archived_at").GetString().ShouldNotBeNull();
        (await DraftAsync(customer)).GetProperty("tax_total").GetRawText().ShouldBe("0");
        (await _api.GetAsync("/tax-rates?country=CH")).Ok().GetArrayLength().ShouldBe(1);
        (await _api.GetAsync($"/tax-rates/{Seed.Id(rate)}")).Ok().GetProperty("percentage").GetRawText().ShouldBe("50");
    }

    [Fact]
    public async Task A_product_lends_its_category_and_a_simulation_has_the_customers_taxes()
    {
        await RateAsync(new { country = "DK", percentage = 25 });
        await RateAsync(new { country = "DK", percentage = 5, tax_category = "press" });
        var product = (await _api.PostAsync("/products", new { code = Seed.Name("paper"), name = "Paper", tax_category = "press" })).Ok(201);
        var fee = new { price = new { currency = "USD", model = "flat", amount = 40, interval = "month", timing = "in_advance" } };
        var paper = new { price = new { currency = "USD", model = "flat", amount = 60, interval = "month", timing = "in_advance", product_id = Seed.Id(product) } };
        var plan = Seed.Id((await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Paper", items = new object[] { fee, paper } })).Ok(201));
        (await _api.PostAsync($"/plans/{plan}/publish")).Ok();
        var customer = await CustomerAsync(new { name = "A", currency = "USD", country = "DK" });
        var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, plan, await _seed.NowAsync()));

        var upcoming = (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok();
        upcoming.GetProperty("tax_total").GetRawText().ShouldBe("13"); // 25 % of 40 and 5 % of 60
        upcoming.GetProperty("lines").EnumerateArray().Select(line => line.GetProperty("tax_amount").GetDecimal()).ShouldBe([10m, 3m]);
        var simulated = (await _api.PostAsync("/admin/simulation/invoice", new { customer_id = customer, plan_id = plan, period_start = "2026-01-01T00:00:00Z", period_end = "2026-02-01T00:00:00Z" })).Ok();
        (simulated.GetProperty("tax_total").GetRawText(), simulated.GetProperty("total").GetRawText()).ShouldBe(("13", "113"));
        var nobody = (await _api.PostAsync("/admin/simulation/invoice", new { plan_id = plan, period_start = "2026-01-01T00:00:00Z", period_end = "2026-02-01T00:00:00Z" })).Ok();
        nobody.GetProperty("total").GetRawText().ShouldBe("100");
    }

    [Fact]
    public async Task Refusals_name_things_in_words()
    {
        (await _api.GetAsync("/tax-rates/nothing")).Message.ShouldBe("There is no tax rate 'nothing'.");
        (await _api.GetAsync("/legal-entities/nothing")).Message.ShouldBe("There is no legal entity 'nothing'.");
    }

    [Theory]
    [InlineData("""{"percentage":1}""", "country")]
    [InlineData("""{"country":"de","percentage":1}""", "country")]
    [InlineData("""{"country":"DE"}""", "percentage")]
    [InlineData("""{"country":"DE","percentage":1,"region":""}""", "region")]
    [InlineData("""{"country":"DE","percentage":1,"tax_category":" "}""", "tax_category")]
    [InlineData("""{"country":"DE","percentage":-1}""", "percentage")]
    [InlineData("""{"country":"DE","percentage":1,"valid_from":"2026-01-01T00:00:00Z","valid_to":"2026-01-01T00:00:00Z"}""", "valid_to")]
    public async Task A_wrong_field_of_a_tax_rate_is_named(string body, string field) => (await _api.PostAsync("/tax-rates", body)).ShouldFail(400, "VAL_001", field);

    private async Task<JsonElement> RateAsync(object rate) => (await _api.PostAsync("/tax-rates", rate)).Ok(201);

    private async Task<string> CustomerAsync(object customer) => Seed.Id((await _api.PostAsync("/customers", customer)).Ok(201));

    private async Task<JsonElement> DraftAsync(string customer) => (await _api.PostAsync("/invoicing/invoices", new
    {
        customer_id = customer, currency = "USD", lines = new object[] { new { description = "Work", unit_amount = 100 }, new { description = "Book", unit_amount = 50, tax_category = "books" } },
    })).Ok(201);
}
