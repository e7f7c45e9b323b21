using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>Commitments and thresholds over REST.</summary>
public sealed class CommitmentTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_month_that_comes_to_less_is_charged_up_to_the_plans_commitment()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("tokens"));
        var plan = await PlanAsync(type, new { minimum_commitment = new { amount = "75.50", interval = "month" } });
        plan.GetProperty("minimum_commitment").GetRawText().ShouldBe("""{"amount":75.5,"interval":"month","interval_count":1,"proration":"by_second"}""");
        var (now, subscription) = await SubscribeAsync(customer, plan, new { });
        await RecordAsync(customer, type, 20, now.AddDays(1));
        (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok().GetProperty("total").GetDecimal().ShouldBe(75.5m);
        await _seed.MoveAsync(now.AddMonths(1));
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now.AddMonths(1), customer_id = customer })).Ok(202);

        var invoice = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok()[0];
        invoice.GetProperty("lines").EnumerateArray().Select(line => (line.GetProperty("kind").GetString(), line.GetProperty("amount").GetDecimal())).ShouldBe([("usage", 20m), ("commitment", 55.5m)]);
        var simulated = (await _api.PostAsync("/admin/simulation/invoice", new { plan_id = Seed.Id(plan), period_start = now, period_end = now.AddMonths(1), simulated_events = new[] { new { event_type = type, tokens = 25 } } })).Ok();
        simulated.GetProperty("lines").EnumerateArray().Select(line => line.GetProperty("amount").GetDecimal()).ShouldBe([25m, 50.5m]);
    }

    [Fact]
    public async Task A_plan_that_is_committed_to_in_another_currency_is_not_simulated_for_a_customer()
    {
        var fee = new { price = new { currency = "EUR", model = "flat", amount = 20, interval = "month", currency_options = new[] { new { currency = "USD", amount = 25 } } } };
        var plan = Seed.Id((await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Two currencies", currency = "EUR", items = new[] { fee }, minimum_commitment = new { amount = 100, interval = "month" } })).Ok(201));
        object Simulation(string customer) => new { plan_id = plan, customer_id = customer, period_start = "2026-01-01T00:00:00Z", period_end = "2026-02-01T00:00:00Z" };

        (await _api.PostAsync("/admin/simulation/invoice", Simulation(Seed.Id(await _seed.CustomerAsync())))).ShouldFail(400, "VAL_001", "customer_id");
        (await _api.PostAsync("/admin/simulation/invoice", Simulation(Seed.Id(await _seed.CustomerAsync("EUR"))))).Ok().GetProperty("total").GetDecimal().ShouldBe(100m);
    }

    [Fact]
    public async Task Usage_is_invoiced_once_it_reaches_the_threshold_of_the_contract()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("tokens"));
        var (now, subscription) = await SubscribeAsync(customer, await PlanAsync(type, new { usage_threshold = 1_000 }), new { usage_threshold = "30.00", minimum_commitment = new { amount = 100, interval = "year", proration = "none" } });
        await RecordAsync(customer, type, 31, now.AddDays(1));
        await _seed.MoveAsync(now.AddDays(2));
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now.AddDays(2), customer_id = customer })).Ok(202).GetProperty("invoices_created").GetInt32().ShouldBe(1);
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now.AddDays(2), customer_id = customer })).Ok(202).GetProperty("invoices_created").GetInt32().ShouldBe(0);
        await RecordAsync(customer, type, 4, now.AddDays(3));

        var invoice = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}&kind=progressive")).Ok()[0];
        (invoice.GetProperty("total").GetDecimal(), invoice.GetProperty("status").GetString()).ShouldBe((31m, "issued"));
        (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok().GetProperty("total").GetDecimal().ShouldBe(4m);
        (await _api.GetAsync($"/subscriptions/{subscription}")).Ok().GetProperty("usage_threshold").GetDecimal().ShouldBe(30m);
    }

    [Theory]
    [InlineData("""{"amount":0}""", "minimum_commitment.amount")]
    [InlineData("""{"amount":0.001}""", "minimum_commitment.amount")]
    [InlineData("""{"interval":"month"}""", "minimum_commitment.amount")]
    [InlineData("""{"amount":5,"interval":"fortnight"}""", "minimum_commitment.interval")]
    [InlineData("""{"amount":5,"interval_count":0}""", "minimum_commitment.interval_count")]
    public async Task A_wrong_commitment_is_named(string commitment, string field) => (await _api.PostAsync(
        "/plans", $$$"""{"code":"{{{Seed.Name("plan")}}}","name":"P","currency":"USD","items":[],"minimum_commitment":{{{commitment}}}}""")).ShouldFail(400, "VAL_001", field);

    private async Task<JsonElement> PlanAsync(string type, object with)
    {
        var metric = (await _seed.MetricAsync(type)).GetProperty("code").GetString();
        var usage = new { price = new { currency = "USD", model = "per_unit", unit_amount = 1, metric_id = metric, interval = "month", timing = "in_arrears" } };
        return await CreatedAsync(with, new { code = Seed.Name("plan"), name = "Pro", items = new[] { usage } });
    }

    private async Task<JsonElement> CreatedAsync(object with, object plan)
    {
        var body = new Dictionary<string, JsonElement>();
        foreach (var part in new[] { plan, with })
        {
            foreach (var field in JsonSerializer.SerializeToElement(part).EnumerateObject())
            {
                body[field.Name] = field.Value;
            }
        }

        var created = (await _api.PostAsync("/plans", body)).Ok(201);
        return (await _api.PostAsync($"/plans/{Seed.Id(created)}/publish")).Ok();
    }

    private async Task<(DateTimeOffset Now, string Subscription)> SubscribeAsync(string customer, JsonElement plan, object with)
    {
        var now = await _seed.NowAsync();
        var body = JsonSerializer.SerializeToElement(with).EnumerateObject().ToDictionary(field => field.Name, field => (object)field.Value);
        (body["customer_id"], body["plan_id"], body["start_at"]) = (customer, Seed.Id(plan), now);
        return (now, Seed.Id((await _api.PostAsync("/subscriptions", body)).Ok(201)));
    }

    private async Task RecordAsync(string customer, string type, int tokens, DateTimeOffset at) =>
        (await _api.PostAsync("/usage/events", new { id = Seed.Name(type), type, customer_id = customer, timestamp = at, properties = new { tokens } })).Ok(202);
}
