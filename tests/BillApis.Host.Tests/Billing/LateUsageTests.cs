namespace BillApis.Host.Tests;

public sealed class LateUsageTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task The_tenant_says_what_becomes_of_late_usage()
    {
        (await _api.GetAsync("/admin/settings")).Ok().GetRawText().ShouldBe("""{"late_usage":"adjust"}""");
        (await _api.PatchAsync("/admin/settings", """{"late_usage":"orphan"}""")).Ok().GetRawText().ShouldBe("""{"late_usage":"orphan"}""");
        (await _api.GetAsync("/admin/settings")).Ok().GetRawText().ShouldBe("""{"late_usage":"orphan"}""");
        (await _api.PatchAsync("/admin/settings", """{"late_usage":"lose"}""")).ShouldFail(400, "VAL_001", "late_usage");
        (await _api.PatchAsync("/admin/settings", """{"late_usage":null}""")).Ok().GetRawText().ShouldBe("""{"late_usage":"adjust"}""");
    }

    [Fact]
    public async Task Late_usage_is_adjusted_on_the_next_invoice_as_its_preview_says()
    {
        var type = Seed.Name("late");
        var customer = Seed.Id(await _seed.CustomerAsync());
        var now = await _seed.NowAsync();
        var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, Seed.Id(await _seed.PlanAsync(Seed.Id(await _seed.MetricAsync(type)))), now));
        await SendAsync(type, customer, now.AddDays(1), 1_500);
        await _seed.MoveAsync(now.AddMonths(1));
        await RunAsync(customer);
        await SendAsync(type, customer, now.AddDays(2), 500);
        var preview = (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok();
        await _seed.MoveAsync(now.AddMonths(2));
        await RunAsync(customer);

        // 2,000 tokens: 1,000 are free, and 1,000 cost 0.002. Half of the 2.00 was billed.
        var issued = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}&limit=1")).Ok()[0];
        issued.GetProperty("lines").GetRawText().ShouldBe(preview.GetProperty("lines").GetRawText());
        var line = issued.GetProperty("lines").EnumerateArray().Single(item => item.GetProperty("kind").GetString() == "adjustment");
        line.GetProperty("amount").GetRawText().ShouldBe("1");
        line.GetProperty("quantity").GetRawText().ShouldBe("500");
        line.GetProperty("adjustment").GetRawText().ShouldBe("""{"quantity":2000,"amount":2,"billed":1}""");
        line.GetProperty("period").GetProperty("start").GetDateTimeOffset().ShouldBe(now);
        (await _api.GetAsync("/admin/orphan-events?reason=late")).Ok().GetArrayLength().ShouldBe(0);
    }

    private async Task SendAsync(string type, string customer, DateTimeOffset at, int tokens) =>
        (await _api.PostAsync("/usage/events", new { id = Seed.Name("event"), type, customer_id = customer, timestamp = at, properties = new { tokens } })).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(1);

    private async Task RunAsync(string customer) =>
        (await _api.PostAsync("/invoicing/runs?wait=true", new { customer_id = customer })).Ok(202).GetProperty("status").GetString().ShouldBe("completed");
}
