using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class CreditTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task Credit_is_used_in_its_order_and_every_movement_is_told()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var (gift, bought) = (await GrantAsync(new { customer_id = customer, amount = "30.00", currency = "USD", category = "promotional", priority = 1 }), await GrantAsync(new { customer_id = customer, amount = 50, currency = "USD", category = "paid", priority = 2 }));
        await BalanceAsync(customer, 80, 50, 30);

        var issued = await IssueAsync(customer, 100);
        (issued.GetProperty("credit_total").GetRawText(), issued.GetProperty("total").GetRawText(), issued.GetProperty("amount_paid").GetRawText(), issued.GetProperty("amount_due").GetRawText()).ShouldBe(("30", "70", "50", "20"));
        issued.GetProperty("credits").EnumerateArray().Select(use => (use.GetProperty("grant_id").GetString(), use.GetProperty("amount").GetDecimal())).ShouldBe([(gift, 30m), (bought, 50m)]);
        await BalanceAsync(customer, 0, 0, 0);

        (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(issued)}/cancel")).Ok().GetProperty("amount_due").GetRawText().ShouldBe("0");
        await BalanceAsync(customer, 80, 50, 30);
        var entries = (await _api.GetAsync($"/credits/entries?customer_id={customer}&grant_id={bought}")).Ok().EnumerateArray();
        entries.Select(entry => (entry.GetProperty("kind").GetString(), entry.GetProperty("amount").GetDecimal(), entry.GetProperty("balance").GetDecimal())).ShouldBe([("returned", 50m, 50m), ("used", -50m, 0m), ("granted", 50m, 50m)]);

        (await _api.PostAsync($"/credits/grants/{bought}/void")).Ok().GetProperty("balance").GetRawText().ShouldBe("0");
        (await _api.PostAsync($"/credits/grants/{bought}/void")).ShouldFail(409, "CON_001");
        await BalanceAsync(customer, 30, 0, 30);
        var accounts = (await _api.GetAsync($"/ledger/accounts?customer_id={customer}")).Ok().EnumerateArray();
        accounts.Select(account => (account.GetProperty("kind").GetString(), account.GetProperty("balance").GetDecimal())).ShouldBe([("customer_credit", 0m), ("receivable", 0m)], ignoreOrder: true);
    }

    [Fact]
    public async Task The_balance_over_time_is_told()
    {
        var (customer, now) = (Seed.Id(await _seed.CustomerAsync()), await _seed.NowAsync());
        await GrantAsync(new { customer_id = customer, amount = 50, currency = "USD", category = "paid" });
        await _seed.MoveAsync(now.AddDays(1));
        await IssueAsync(customer, 30);
        await _seed.MoveAsync(now.AddDays(2));

        var whole = (await _api.GetAsync($"/credits/balance/history?customer_id={customer}&from={now:yyyy-MM-ddTHH:mm:ssZ}&window=none")).Ok().GetProperty("windows");
        whole.GetArrayLength().ShouldBe(1);
        (whole[0].GetProperty("opening_balance").GetDecimal(), whole[0].GetProperty("closing_balance").GetDecimal(), whole[0].GetProperty("closing_paid").GetDecimal()).ShouldBe((50m, 20m, 20m));
        (await _api.GetAsync($"/credits/balance/history?customer_id={customer}&from=2999-01-01T00:00:00Z")).ShouldFail(400, "VAL_001", "from");
    }

    [Fact]
    public async Task A_grant_for_a_metric_pays_its_usage_alone()
    {
        var (customer, type) = (await _seed.CustomerAsync(), Seed.Name("tokens"));
        var metric = await _seed.MetricAsync(type);
        var plan = Seed.Id(await _seed.PlanAsync(metric.GetProperty("code").GetString()));
        await GrantAsync(new { customer_id = Seed.Id(customer), amount = 50, currency = "USD", category = "paid", applies_to = new[] { metric.GetProperty("code").GetString() } });
        var now = await _seed.NowAsync();
        var subscription = Seed.Id(await _seed.SubscriptionAsync(Seed.Id(customer), plan, now));
        (await _api.PostAsync("/usage/events", new { id = type, type, customer_id = Seed.Id(customer), timestamp = now.AddDays(1), properties = new { tokens = 6_000 } })).Ok(202);
        await _seed.MoveAsync(now.AddMonths(1));
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now.AddMonths(1), customer_id = Seed.Id(customer) })).Ok(202);

        // A fee of 20 at the start; then 5000 × 0.002 = 10 of usage, which the grant pays, and the next fee, which it does not.
        var invoices = (await _api.GetAsync($"/invoicing/invoices?subscription_id={subscription}")).Ok().EnumerateArray().Reverse();
        invoices.Select(invoice => (invoice.GetProperty("total").GetDecimal(), invoice.GetProperty("amount_due").GetDecimal())).ShouldBe([(20m, 20m), (30m, 20m)]);
        await BalanceAsync(Seed.Id(customer), 40, 40, 0);
    }

    [Fact]
    public async Task What_is_not_effective_yet_or_has_expired_does_not_count()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var now = await _seed.NowAsync();
        var recurring = await GrantAsync(new { customer_id = customer, amount = 10, currency = "USD", effective_at = now.AddDays(1), expires_at = now.AddMonths(3), recurrence = new { interval = "month", rollover = 4 }, top_up = new { threshold = 5, amount = 20 }, metadata = new { why = "welcome" } });
        await BalanceAsync(customer, 0, 0, 0);
        await _seed.MoveAsync(now.AddMonths(1).AddDays(2));
        await BalanceAsync(customer, 14, 0, 14);
        await _seed.MoveAsync(now.AddMonths(3));
        await BalanceAsync(customer, 0, 0, 0);
        var grant = (await _api.GetAsync($"/credits/grants/{recurring}")).Ok();
        (grant.GetProperty("balance").GetRawText(), grant.GetProperty("recurrence").GetProperty("rollover").GetRawText(), grant.GetProperty("top_up").GetProperty("amount").GetRawText()).ShouldBe(("0", "4", "20"));
        (await _api.GetAsync($"/credits/grants?customer_id={customer}&category=promotional&currency=USD")).Ok().GetArrayLength().ShouldBe(1);
        (await _api.GetAsync($"/credits/grants?customer_id={customer}&category=paid")).Ok().GetArrayLength().ShouldBe(0);
        (await _api.GetAsync("/credits/grants/nothing")).ShouldFail(404, "RES_001");
    }

    [Theory]
    [InlineData("""{"customer_id":"?","amount":1}""", "currency")]
    [InlineData("""{"customer_id":"?","amount":0,"currency":"USD"}""", "amount")]
    [InlineData("""{"customer_id":"?","amount":0.001,"currency":"USD"}""", "amount")]
    [InlineData("""{"customer_id":"?","amount":1,"currency":"EUR"}""", "currency")]
    [InlineData("""{"customer_id":"?","amount":1,"currency":"USD","category":"free"}""", "category")]
    [InlineData("""{"customer_id":"?","amount":1,"currency":"USD","priority":-1}""", "priority")]
    [InlineData("""{"customer_id":"?","amount":1,"currency":"USD","expires_at":"2020-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"customer_id":"?","amount":1,"currency":"USD","applies_to":["nothing"]}""", "applies_to[0]")]
    [InlineData("""{"customer_id":"?","amount":1,"currency":"USD","recurrence":{"interval":"month","rollover":-1}}""", "recurrence.rollover")]
    [InlineData("""{"customer_id":"?","amount":900000000000000,"currency":"USD","recurrence":{"interval":"month","rollover":0.01}}""", "recurrence.rollover")]
    [InlineData("""{"customer_id":"?","amount":1,"currency":"USD","top_up":{"threshold":500000000000000,"amount":400000000000000.01}}""", "top_up.amount")]
    [InlineData("""{"customer_id":"?","amount":1,"currency":"USD","top_up":{"threshold":5}}""", "top_up.amount")]
    [InlineData("""{"customer_id":"?","amount":1,"currency":"USD","top_up":{"threshold":5,"target":4}}""", "top_up.target")]
    public async Task A_wrong_field_of_a_grant_is_named(string body, string field)
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        (await _api.PostAsync("/credits/grants", body.Replace("?", customer, StringComparison.Ordinal))).ShouldFail(400, "VAL_001", field);
    }

    private async Task<string> GrantAsync(object grant) => Seed.Id((await _api.PostAsync("/credits/grants", grant)).Ok(201));

    private async Task<JsonElement> IssueAsync(string customer, decimal amount)
    {
        var draft = Seed.Id((await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "Work", unit_amount = amount } } })).Ok(201));
        return (await _api.PostAsync($"/invoicing/invoices/{draft}/issue")).Ok();
    }

    private async Task BalanceAsync(string customer, decimal balance, decimal paid, decimal promotional)
    {
        var answer = (await _api.GetAsync($"/credits/balance?customer_id={customer}")).Ok();
        (answer.GetProperty("balance").GetDecimal(), answer.GetProperty("paid").GetDecimal(), answer.GetProperty("promotional").GetDecimal()).ShouldBe((balance, paid, promotional));
    }
}
