using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class CatalogTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_product_is_created_read_changed_and_archived()
    {
        var code = Seed.Name("product");
        var product = (await _api.PostAsync("/products", new { code, name = "API", description = "Calls", tax_category = "saas", metadata = new { a = "b" } })).Ok(201);
        (await _api.GetAsync($"/products/{code}")).Ok().GetRawText().ShouldBe(product.GetRawText());
        (await _api.PatchAsync($"/products/{Seed.Id(product)}", new { description = "More calls" })).Ok().GetProperty("name").GetString().ShouldBe("API");
        (await _api.GetAsync($"/products?code={code}")).Ok()[0].GetProperty("description").GetString().ShouldBe("More calls");

        var price = (await _api.PostAsync("/prices", new { code = Seed.Name("price"), currency = "USD", model = "flat", amount = 1, product_id = code })).Ok(201);
        (await _api.DeleteAsync($"/products/{code}")).ShouldFail(409, "CON_001");
        (await _api.DeleteAsync($"/prices/{Seed.Id(price)}")).Ok();
        (await _api.DeleteAsync($"/products/{code}")).Ok().GetProperty("archived_at").ValueKind.ShouldBe(JsonValueKind.String);
    }

    [Fact]
    public async Task A_metric_is_created_read_changed_and_archived()
    {
        var code = Seed.Name("metric");
        var metric = (await _api.PostAsync("/metrics", new
        {
            code, name = "Tokens", event_type = "llm.request", aggregation = "sum", property = "tokens", group_by = new[] { "model" }, unit = "token",
            filters = new object[] { new { property = "model", op = "in", values = new[] { "small", "large" } }, new { property = "ok", op = "eq", values = new[] { true } } },
            rounding = new { mode = "half_up", scale = 0 },
        })).Ok(201);
        metric.GetProperty("filters")[0].GetProperty("op").GetString().ShouldBe("in");
        metric.GetProperty("rounding").GetRawText().ShouldBe("""{"mode":"half_up","scale":0}""");
        (await _api.GetAsync($"/metrics/{code}")).Ok().GetRawText().ShouldBe(metric.GetRawText());
        (await _api.PatchAsync($"/metrics/{code}", new { name = "All tokens" })).Ok().GetProperty("name").GetString().ShouldBe("All tokens");
        (await _api.PatchAsync($"/metrics/{code}", new { property = "words" })).ShouldFail(409, "CON_001");
        (await _api.GetAsync($"/metrics?code={code}&event_type=llm.request")).Ok().GetArrayLength().ShouldBe(1);
        (await _api.DeleteAsync($"/metrics/{code}")).Ok();
    }

    [Theory]
    [InlineData("""{"code":"m","name":"M","event_type":"e","aggregation":"median"}""", "aggregation")]
    [InlineData("""{"code":"m","name":"M","event_type":"e","aggregation":"sum"}""", "property")]
    [InlineData("""{"code":"m m","name":"M","event_type":"e","aggregation":"count"}""", "code")]
    [InlineData("""{"code":"m","name":"M","aggregation":"count"}""", "event_type")]
    [InlineData("""{"code":"m","name":"M","event_type":"e","aggregation":"count","filters":[{"property":"p","op":"like","values":[]}]}""", "filters[0].op")]
    [InlineData("""{"code":"m","name":"M","event_type":"e","aggregation":"count","filters":[{"property":"p","op":"gt","values":["x"]}]}""", "filters[0].values[0]")]
    [InlineData("""{"code":"m","name":"M","event_type":"e","aggregation":"count","filters":[{"op":"exists"}]}""", "filters[0].property")]
    [InlineData("""{"code":"m","name":"M","event_type":"e","aggregation":"count","group_by":"x"}""", "group_by")]
    [InlineData("""{"code":"m","name":"M","event_type":"e","aggregation":"percentile","property":"p"}""", "percentile")]
    [InlineData("""{"code":"m","name":"M","event_type":"e","aggregation":"min","property":"p","recurring":true}""", "recurring")]
    [InlineData("""{"code":"m","name":"M","event_type":"e","aggregation":"count","exclude":[[{"property":"p","op":"eq","values":[]}]]}""", "exclude[0][0].values")]
    public async Task A_wrong_field_of_a_metric_is_named(string body, string field) => (await _api.PostAsync("/metrics", body)).ShouldFail(400, "VAL_001", field);

    [Fact]
    public async Task A_metric_may_measure_an_expression_over_properties()
    {
        var (customer, code, type) = (Seed.Name("customer"), Seed.Name("metric"), Seed.Name("type"));
        (await _api.PostAsync("/customers", new { name = "C", currency = "USD", external_id = customer })).Ok(201);
        (await _api.PostAsync("/metrics", new { code, name = "Weighted", event_type = type, aggregation = "sum", expression = "input + 4 * output" })).Ok(201).GetProperty("expression").GetString().ShouldBe("input + 4 * output");
        (await _api.PostAsync("/metrics", new { code = Seed.Name("metric"), name = "Wrong", event_type = type, aggregation = "sum", expression = "input + * 4" })).ShouldFail(400, "VAL_001", "expression");

        (await _api.PostAsync("/usage/events", new { id = Seed.Name("event"), type, customer_id = customer, timestamp = "2026-01-02T00:00:00Z", properties = new { input = "10.5", output = 2 } })).Ok(202);

        var summary = (await _api.GetAsync($"/usage/summary?customer_id={customer}&metric_id={code}&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")).Ok();
        summary[0].GetProperty("value").GetDecimal().ShouldBe(18.5m);
    }

    [Fact]
    public async Task A_price_of_each_model_keeps_what_it_was_given()
    {
        var metric = Seed.Id((await _api.PostAsync("/metrics", new { code = Seed.Name("metric"), name = "M", event_type = "catalog.event", aggregation = "sum", property = "tokens", group_by = new[] { "model" } })).Ok(201));
        var tiers = """[{"up_to":10,"unit_amount":0.5,"flat_amount":0},{"up_to":null,"unit_amount":0.000000000001,"flat_amount":3}]""";
        foreach (var (model, fields) in new[]
        {
            ("flat", """ "amount": "12.50" """), ("per_unit", """ "unit_amount": 0.000000000001 """), ("graduated", $""" "tiers": {tiers} """), ("volume", $""" "tiers": {tiers} """),
            ("stairstep", """ "tiers": [{"up_to":5,"flat_amount":10},{"up_to":null,"flat_amount":20}] """), ("package", """ "package_size": 100, "package_amount": 5, "package_rounding": "down" """),
            ("percentage", """ "rate": 2.9, "fixed_per_event": 0.3 """), ("graduated_percentage", """ "tiers": [{"up_to":100,"rate":2},{"up_to":null,"rate":1}] """), ("dynamic", ""),
            ("matrix", """ "dimensions": ["model"], "cells": [{"values":["small"],"unit_amount":1}], "default_unit_amount": 2 """),
        })
        {
            var code = Seed.Name("price");
            var use = model is "flat" ? "" : $", \"metric_id\": \"{metric}\"";
            var price = (await _api.PostAsync("/prices", $"{{\"code\": \"{code}\", \"currency\": \"USD\", \"model\": \"{model}\", \"interval\": \"quarter\"{(fields.Length == 0 ? "" : ", " + fields)}{use}}}")).Ok(201);
            price.GetProperty("model").GetString().ShouldBe(model);
            price.GetProperty("interval").GetString().ShouldBe("quarter");
            price.GetProperty("interval_count").GetInt32().ShouldBe(1);
            if (model is "graduated")
            {
                price.GetProperty("tiers")[1].GetProperty("unit_amount").GetRawText().ShouldBe("0.000000000001");
                (await _api.PatchAsync($"/prices/{code}", new { included_quantity = 5 })).Ok().GetProperty("tiers")[0].GetProperty("up_to").GetDecimal().ShouldBe(10);
            }

            (await _api.GetAsync($"/prices?code={code}&model={model}&currency=USD")).Ok().GetArrayLength().ShouldBe(1);
            (await _api.GetAsync($"/prices/{code}")).Ok().GetProperty("id").GetString().ShouldBe(Seed.Id(price));
        }
    }

    [Theory]
    [InlineData("""{"code":"p","currency":"USD","model":"magic"}""", "model")]
    [InlineData("""{"code":"p","currency":"USD","model":"flat"}""", "amount")]
    [InlineData("""{"code":"p","currency":"USD","model":"flat","amount":"1e400"}""", "amount")]
    [InlineData("""{"code":"p","currency":"USD","model":"flat","amount":1.0000000000001}""", "amount")]
    [InlineData("""{"code":"p","currency":"USD","model":"flat","amount":1,"tiers":[]}""", "tiers")]
    [InlineData("""{"code":"p","currency":"USD","model":"flat","amount":1,"interval":"fortnight"}""", "interval")]
    [InlineData("""{"code":"p","currency":"USD","model":"flat","amount":1,"proration":"by_moon"}""", "proration")]
    [InlineData("""{"code":"p","currency":"USD","model":"flat","amount":1,"semantics":"nobody"}""", "semantics")]
    [InlineData("""{"code":"p","currency":"USD","model":"graduated","tiers":[{"up_to":10,"unit_amount":1},{"up_to":10,"unit_amount":1},{"up_to":null,"unit_amount":1}]}""", "tiers[1].up_to")]
    [InlineData("""{"code":"p","currency":"USD","model":"graduated","tiers":[{"up_to":10,"unit_amount":1}]}""", "tiers[0].up_to")]
    [InlineData("""{"code":"p","currency":"USD","model":"graduated","tiers":[{"up_to":10,"unit_amount":"ten"}]}""", "tiers[0].unit_amount")]
    public async Task A_wrong_field_of_a_price_is_named(string body, string field) => (await _api.PostAsync("/prices", body)).ShouldFail(400, "VAL_001", field);

    [Fact]
    public async Task A_reference_to_nothing_is_RES_001() =>
        (await _api.PostAsync("/prices", new { code = Seed.Name("price"), currency = "USD", model = "per_unit", unit_amount = 1, metric_id = "nothing" })).ShouldFail(404, "RES_001");

    [Fact]
    public async Task A_plan_is_drafted_published_and_versioned()
    {
        var code = Seed.Name("plan");
        var shared = (await _api.PostAsync("/prices", new { code = Seed.Name("price"), currency = "USD", model = "flat", amount = 10 })).Ok(201);
        var plan = (await _api.PostAsync("/plans", new { code, name = "Pro", items = new object[] { new { price_id = Seed.Id(shared) }, new { price = new { currency = "USD", model = "per_unit", unit_amount = 3 }, quantity = 2 } } })).Ok(201);
        plan.GetProperty("status").GetString().ShouldBe("draft");
        plan.GetProperty("version").GetInt32().ShouldBe(1);
        plan.GetProperty("items")[1].GetProperty("price").GetProperty("code").GetString().ShouldBe($"{code}-2");
        (await _api.PatchAsync($"/plans/{code}", new { trial_days = 14 })).Ok().GetProperty("trial_days").GetInt32().ShouldBe(14);

        var published = (await _api.PostAsync($"/plans/{code}/publish")).Ok();
        published.GetProperty("status").GetString().ShouldBe("published");
        (await _api.PostAsync($"/plans/{code}/publish")).ShouldFail(409, "CON_001");
        (await _api.PatchAsync($"/plans/{code}", new { trial_days = 7 })).ShouldFail(409, "CON_001");
        (await _api.PatchAsync($"/prices/{Seed.Id(shared)}", new { amount = 11 })).ShouldFail(409, "CON_001");
        (await _api.PatchAsync($"/plans/{code}", new { name = "Pro+" })).Ok().GetProperty("name").GetString().ShouldBe("Pro+");

        (await _api.PostAsync($"/plans/{code}/versions")).Ok(201).GetProperty("version").GetInt32().ShouldBe(2);
        (await _api.PostAsync($"/plans/{code}/versions")).ShouldFail(409, "CON_001");
        (await _api.PatchAsync($"/plans/{code}", new { trial_days = 7 })).Ok().GetProperty("published_version").GetInt32().ShouldBe(1);
        var versions = (await _api.GetAsync($"/plans/{code}/versions")).Ok();
        versions.EnumerateArray().Select(version => (version.GetProperty("version").GetInt32(), version.GetProperty("trial_days").GetInt32())).ShouldBe([(2, 7), (1, 14)]);
        (await _api.GetAsync($"/plans?code={code}&status=draft")).Ok().GetArrayLength().ShouldBe(1);
        (await _api.GetAsync($"/plans/{Seed.Id(plan)}")).Ok().GetProperty("code").GetString().ShouldBe(code);
        (await _api.DeleteAsync($"/prices/{Seed.Id(shared)}")).ShouldFail(409, "CON_001");
        (await _api.DeleteAsync($"/plans/{code}")).Ok().GetProperty("archived_at").ValueKind.ShouldBe(JsonValueKind.String);
    }

    [Fact]
    public async Task The_next_version_has_the_fields_that_are_sent_and_copies_the_others()
    {
        var code = Seed.Name("plan");
        await _api.PostAsync("/plans", new { code, name = "Pro", trial_days = 14, items = new[] { new { price = new { currency = "USD", model = "flat", amount = 10 } } } });
        await _api.PostAsync($"/plans/{code}/publish");
        (await _api.PostAsync($"/plans/{code}/versions", new { items = new[] { new { quantity = "many" } } })).ShouldFail(400, "VAL_001", "items[0].quantity");
        (await _api.PostAsync($"/plans/{code}/versions", new { amount = 12 })).ShouldFail(400, "VAL_001", "amount");

        var next = (await _api.PostAsync($"/plans/{code}/versions", new { items = new[] { new { price = new { code = $"{code}-12", currency = "USD", model = "flat", amount = 12 } } } })).Ok(201);
        (next.GetProperty("version").GetInt32(), next.GetProperty("trial_days").GetInt32(), next.GetProperty("published_version").GetInt32()).ShouldBe((2, 14, 1));
        next.GetProperty("items")[0].GetProperty("price").GetProperty("amount").GetInt32().ShouldBe(12);
        var versions = (await _api.GetAsync($"/plans/{code}/versions")).Ok();
        versions.EnumerateArray().Select(version => version.GetProperty("items")[0].GetProperty("price").GetProperty("amount").GetInt32()).ShouldBe([12, 10]);
    }

    [Theory]
    [InlineData("""{"code":"x","name":"X","items":[{}]}""", "items[0]")]
    [InlineData("""{"code":"x","name":"X","items":[{"price":{"currency":"USD","model":"flat"}}]}""", "items[0].price.amount")]
    [InlineData("""{"code":"x","name":"X","items":[{"price":{"currency":"USD","model":"flat","amount":1}},{"price":{"currency":"EUR","model":"flat","amount":1}}]}""", "items[1]")]
    [InlineData("""{"code":"x","name":"X","currency":"EUR","items":[{"price":{"currency":"USD","model":"flat","amount":1}}]}""", "items[0]")]
    [InlineData("""{"code":"x","name":"X","items":[{"price":{"currency":"USD","model":"flat","amount":1},"quantity":-1}]}""", "items[0].quantity")]
    [InlineData("""{"code":"x","name":"X","items":5}""", "items")]
    [InlineData("""{"code":"x","name":"X"}""", "items")]
    public async Task A_wrong_field_of_a_plan_is_named_and_nothing_is_kept(string body, string field)
    {
        (await _api.PostAsync("/plans", body)).ShouldFail(400, "VAL_001", field);
        (await _api.GetAsync("/plans/x")).ShouldFail(404, "RES_001");
        (await _api.GetAsync("/prices/x-1")).ShouldFail(404, "RES_001");
    }

    [Fact]
    public async Task A_price_is_calculated_without_storing_anything()
    {
        var answer = (await _api.PostAsync("/pricing/calculate", """
            {"price": {"currency": "USD", "model": "graduated", "tiers": [{"up_to": 10, "unit_amount": 1.005}, {"up_to": null, "unit_amount": "0.5", "flat_amount": 2}]}, "quantity": 12}
            """)).Ok();
        answer.GetProperty("amount").GetRawText().ShouldBe("13.05");
        answer.GetProperty("amount_rounded").GetRawText().ShouldBe("13.05");
        answer.GetProperty("unit_amount_effective").GetRawText().ShouldBe("1.0875");
        answer.GetProperty("tiers").EnumerateArray().Select(tier => tier.GetProperty("amount").GetRawText()).ShouldBe(["10.05", "3"]);
        answer.GetProperty("tiers")[1].GetProperty("from").GetRawText().ShouldBe("10");
        answer.GetProperty("steps").GetArrayLength().ShouldBeGreaterThan(2);
        (await _api.PostAsync("/pricing/calculate", """{"price": {"currency": "USD", "model": "per_unit", "unit_amount": 1}, "quantity": -1}""")).ShouldFail(400, "VAL_001", "quantity");
        (await _api.PostAsync("/pricing/calculate", """{"price": {"currency": "USD", "model": "per_unit"}, "quantity": 1}""")).ShouldFail(400, "VAL_001", "price.unit_amount");
        (await _api.PostAsync("/pricing/calculate", """{"quantity": 1}""")).ShouldFail(400, "VAL_001", "price");
    }
}
