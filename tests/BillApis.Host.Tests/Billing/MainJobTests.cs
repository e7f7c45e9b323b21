using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>The main job over HTTP: usage goes in, an issued invoice and balanced books come out; the preview, the simulation and the charge are the same.</summary>
public sealed class MainJobTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task Usage_becomes_an_invoice_a_payment_and_balanced_books()
    {
        var type = Seed.Name("main.used");
        var metric = Seed.Id(await _seed.MetricAsync(type));
        var (customer, plan) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync(metric)));
        var start = await _seed.NowAsync();
        var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, plan, start));
        await _seed.MoveAsync(start.AddDays(20));
        var events = Enumerable.Range(0, 3).Select(i => new { id = $"{type}-{i}", type, customer_id = customer, timestamp = start.AddDays(i), properties = new { tokens = 12_345 } });
        (await _api.PostAsync("/usage/events", new { events })).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(3);

        // 3 × 12,345 − 1,000 free = 36,035 tokens at 0.002 = 72.07, and 20 for the next month in advance.
        (await BillAsync(customer, start.AddDays(20))).ShouldBe(1);
        var upcoming = (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok();
        upcoming.GetProperty("total").GetRawText().ShouldBe("92.07");
        var usage = (await _api.GetAsync($"/subscriptions/{subscription}/usage")).Ok();
        usage.GetProperty("metrics")[0].GetProperty("quantity").GetRawText().ShouldBe("37035");
        usage.GetProperty("amount").GetRawText().ShouldBe("72.07");
        usage.GetProperty("projected_amount").GetDecimal().ShouldBeGreaterThan(72.07m);

        var simulated = (await _api.PostAsync("/admin/simulation/invoice", new
        {
            customer_id = customer, plan_id = plan, period_start = start, period_end = start.AddMonths(1), simulated_events = new object[] { new { event_type = type, count = 3, tokens = 12_345 } },
        })).Ok();
        Lines(simulated, "usage").ShouldBe(Lines(upcoming, "usage"));

        await _seed.MoveAsync(start.AddMonths(1).AddHours(2));
        (await BillAsync(customer, start.AddMonths(1))).ShouldBe(1);
        var invoice = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok()[0];
        Seed.Id(invoice).ShouldBe(Seed.Id(upcoming));
        invoice.GetProperty("lines").GetRawText().ShouldBe(upcoming.GetProperty("lines").GetRawText());

        (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(invoice)}/payments", new { amount = 92.07m, reference = "wire" })).Ok(201).GetProperty("status").GetString().ShouldBe("paid");
        var totals = (await _api.GetAsync("/ledger/trial-balance")).Ok().GetProperty("totals");
        totals.EnumerateArray().ShouldAllBe(total => total.GetProperty("debits").GetDecimal() == total.GetProperty("credits").GetDecimal());
        totals.GetArrayLength().ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("""{"plan_id":"?","period_start":"2026-01-01T00:00:00Z","period_end":"2026-01-01T00:00:00Z"}""", "period_end")]
    [InlineData("""{"plan_id":"?","period_start":"2026-01-01T00:00:00Z","period_end":"2026-02-01T00:00:00Z","simulated_events":[{"count":1}]}""", "simulated_events[0].event_type")]
    [InlineData("""{"plan_id":"?","period_start":"2026-01-01T00:00:00Z","period_end":"2026-02-01T00:00:00Z","simulated_events":[{"event_type":"x","count":1.5}]}""", "simulated_events[0].count")]
    [InlineData("""{"plan_id":"?","period_start":"2026-01-01T00:00:00Z","period_end":"2026-02-01T00:00:00Z","simulated_events":[{"event_type":"x","timestamp":"noon"}]}""", "simulated_events[0].timestamp")]
    public async Task A_wrong_field_of_a_simulation_is_named(string body, string field)
    {
        var plan = Seed.Id(await _seed.PlanAsync());
        (await _api.PostAsync("/admin/simulation/invoice", body.Replace("?", plan, StringComparison.Ordinal))).ShouldFail(400, "VAL_001", field);
    }

    private async Task<int> BillAsync(string customer, DateTimeOffset asOf) =>
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = asOf, customer_id = customer })).Ok(202).GetProperty("invoices_created").GetInt32();

    private static IEnumerable<(string, string, string)> Lines(JsonElement invoice, string kind) => invoice.GetProperty("lines").EnumerateArray()
        .Where(line => line.GetProperty("kind").GetString() == kind)
        .Select(line => (line.GetProperty("quantity").GetRawText(), line.GetProperty("amount").GetRawText(), line.GetProperty("tiers").GetRawText()));
}
