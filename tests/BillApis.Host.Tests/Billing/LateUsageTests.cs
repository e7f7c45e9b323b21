namespace BillApis.Host.Tests;

public sealed class LateUsageTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task The_tenant_says_what_becomes_of_late_usage()
    {
        (await _api.GetAsync("/admin/settings")).Ok().GetProperty("late_usage").GetString().ShouldBe("adjust");
        (await _api.PatchAsync("/admin/settings", """{"late_usage":"orphan"}""")).Ok().GetProperty("late_usage").GetString().ShouldBe("orphan");
        (await _api.GetAsync("/admin/settings")).Ok().GetProperty("late_usage").GetString().ShouldBe("orphan");
        (await _api.PatchAsync("/admin/settings", """{"late_usage":"lose"}""")).ShouldFail(400, "VAL_001", "late_usage");
        (await _api.PatchAsync("/admin/settings", """{"late_usage":null}""")).Ok().GetProperty("late_usage").GetString().ShouldBe("adjust");
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
        (await File.ReadAllTextAsync(Repository.PathOf("docs", "invoicing.md"), TestContext.Current.CancellationToken)).ShouldContain($"`\"adjustment\": {line.GetProperty("adjustment").GetRawText()}`");
        line.GetProperty("period").GetProperty("start").GetDateTimeOffset().ShouldBe(now);
        (await _api.GetAsync("/admin/orphan-events?reason=late")).Ok().GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Late_usage_that_makes_a_bill_less_is_credited_and_more_is_invoiced_at_once_where_the_tenant_says_so()
    {
        var type = Seed.Name("late");
        var customer = Seed.Id(await _seed.CustomerAsync());
        var now = await _seed.NowAsync();
        var tiers = new object[] { new { up_to = 100, unit_amount = 1 }, new { up_to = (int?)null, unit_amount = "0.5" } };
        var plan = (await _api.PostAsync("/plans", new
        {
            code = Seed.Name("plan"), name = "Volume", items = new object[] { new { price = new { currency = "USD", model = "volume", metric_id = Seed.Id(await _seed.MetricAsync(type)), tiers, interval = "month", timing = "in_arrears" } } },
        })).Ok(201);
        (await _api.PostAsync($"/plans/{Seed.Id(plan)}/publish")).Ok();
        await _seed.SubscriptionAsync(customer, Seed.Id(plan), now);
        await SendAsync(type, customer, now.AddDays(1), 100);
        await _seed.MoveAsync(now.AddMonths(1));
        await RunAsync(customer);
        await PolicyAsync("invoice");

        // 100 tokens at 1.00; all 101 at 0.50 are 50.50; 201 are 100.50.
        await SendAsync(type, customer, now.AddDays(2), 1);
        await RunAsync(customer);
        var memo = (await _api.GetAsync($"/invoicing/credit-memos?customer_id={customer}")).Ok()[0];
        memo.GetProperty("amount").GetRawText().ShouldBe("49.5");
        memo.GetProperty("lines")[0].GetProperty("adjustment").GetRawText().ShouldBe("""{"quantity":101,"amount":50.5,"billed":100}""");
        (await _api.GetAsync($"/invoicing/invoices/{memo.GetProperty("invoice_id").GetString()}")).Ok().GetProperty("amount_due").GetRawText().ShouldBe("50.5");
        await SendAsync(type, customer, now.AddDays(3), 100);
        await RunAsync(customer);
        var supplementary = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}&kind=supplementary")).Ok()[0];
        supplementary.GetProperty("total").GetRawText().ShouldBe("50");
        supplementary.GetProperty("status").GetString().ShouldBe("issued");
        await PolicyAsync(null);
    }

    private async Task PolicyAsync(string? policy) => (await _api.PatchAsync("/admin/settings", new { late_usage = policy })).Ok();

    private async Task SendAsync(string type, string customer, DateTimeOffset at, int tokens) =>
        (await _api.PostAsync("/usage/events", new { id = Seed.Name("event"), type, customer_id = customer, timestamp = at, properties = new { tokens } })).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(1);

    private async Task RunAsync(string customer) =>
        (await _api.PostAsync("/invoicing/runs?wait=true", new { customer_id = customer })).Ok(202).GetProperty("status").GetString().ShouldBe("completed");
}
