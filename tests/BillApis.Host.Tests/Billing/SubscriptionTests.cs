using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class SubscriptionTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_plan_is_billed_in_another_currency_that_all_its_prices_have_amounts_in()
    {
        var (customer, now) = (Seed.Id(await _seed.CustomerAsync("EUR")), await _seed.NowAsync());
        object Fee(bool other) => new
        {
            price = new { currency = "USD", model = "flat", amount = 20, timing = "in_advance", currency_options = other ? new object[] { new { currency = "EUR", amount = "18.50" } } : [] },
        };
        async Task<string> PlanAsync(params object[] items)
        {
            var plan = Seed.Id((await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Pro", items })).Ok(201));
            return Seed.Id((await _api.PostAsync($"/plans/{plan}/publish")).Ok());
        }

        (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = await PlanAsync(Fee(true), Fee(false)) })).ShouldFail(400, "VAL_001", "plan_id");
        var subscription = await _seed.SubscriptionAsync(customer, await PlanAsync(Fee(true)), now);
        subscription.GetProperty("currency").GetString().ShouldBe("EUR");
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now, customer_id = customer })).Ok(202);
        var invoice = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok()[0];
        (invoice.GetProperty("currency").GetString(), invoice.GetProperty("total").GetDecimal()).ShouldBe(("EUR", 18.5m));
    }

    [Fact]
    public async Task A_subscription_is_created_read_listed_and_canceled_at_its_periods_end()
    {
        var (customer, plan) = (await _seed.CustomerAsync(), await _seed.PlanAsync(Seed.Id(await _seed.MetricAsync("sub.event"))));
        var now = await _seed.NowAsync();
        var created = (await _api.PostAsync("/subscriptions", new
        {
            customer_id = customer.GetProperty("external_id").GetString(), plan_id = plan.GetProperty("code").GetString(), start_at = now, anchor = "subscription", metadata = new { seat = "1" },
        })).Ok(201);
        created.GetProperty("status").GetString().ShouldBe("active");
        created.GetProperty("plan_version").GetInt32().ShouldBe(1);
        created.GetProperty("current_period").GetProperty("start").GetDateTimeOffset().ShouldBe(now);
        created.GetProperty("current_period").GetProperty("end").GetDateTimeOffset().ShouldBe(now.AddMonths(1));

        var id = Seed.Id(created);
        (await _api.GetAsync($"/subscriptions/{id}")).Ok().GetRawText().ShouldBe(created.GetRawText());
        (await _api.GetAsync($"/subscriptions?customer_id={Seed.Id(customer)}&status=active&plan_id={plan.GetProperty("code").GetString()}")).Ok().GetArrayLength().ShouldBe(1);
        (await _api.GetAsync("/subscriptions?status=sleeping")).ShouldFail(400, "VAL_001", "status");
        (await _api.DeleteAsync($"/plans/{Seed.Id(plan)}")).ShouldFail(409, "CON_001");

        var upcoming = (await _api.GetAsync($"/subscriptions/{id}/upcoming-invoice")).Ok();
        upcoming.GetProperty("total").GetRawText().ShouldBe("20");
        upcoming.GetProperty("number").ValueKind.ShouldBe(JsonValueKind.Null);
        (await _api.GetAsync($"/subscriptions/{id}/usage")).Ok().GetProperty("metrics").GetArrayLength().ShouldBe(1);

        (await _api.PostAsync($"/subscriptions/{id}/cancel", new { when = "soon" })).ShouldFail(400, "VAL_001", "when");
        var canceled = (await _api.PostAsync($"/subscriptions/{id}/cancel", new { when = "period_end" })).Ok();
        canceled.GetProperty("end_at").GetDateTimeOffset().ShouldBe(now.AddMonths(1));
        (await _api.PostAsync($"/subscriptions/{id}/cancel")).ShouldFail(409, "CON_001");
        (await _api.GetAsync($"/subscriptions/{id}/history")).Ok().EnumerateArray().Select(item => item.GetProperty("type").GetString()).ShouldBe(["subscription.created", "subscription.canceled"]);
    }

    [Fact]
    public async Task What_a_subscription_cannot_be_made_of_is_refused()
    {
        var (customer, plan) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync()));
        (await _api.PostAsync("/subscriptions", new { customer_id = customer })).ShouldFail(400, "VAL_001", "plan_id");
        (await _api.PostAsync("/subscriptions", new { customer_id = "nobody", plan_id = plan })).ShouldFail(404, "RES_001");
        (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = "nothing" })).ShouldFail(404, "RES_001");
        (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, anchor = "moon" })).ShouldFail(400, "VAL_001", "anchor");
        (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, anchor = new { day = 32 } })).ShouldFail(400, "VAL_001", "anchor");
        (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, start_at = "yesterday" })).ShouldFail(400, "VAL_001", "start_at");
        (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, currency = "EUR" })).ShouldFail(400, "VAL_001", "currency");
        (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, quantities = new { nothing = 1 } })).ShouldFail(400, "VAL_001", "quantities.nothing");
        var draft = (await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "D", currency = "USD", items = Array.Empty<object>() })).Ok(201);
        (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = Seed.Id(draft) })).ShouldFail(409, "CON_001");
        (await _api.GetAsync("/subscriptions/sub_nothing")).ShouldFail(404, "RES_001");
    }
}
