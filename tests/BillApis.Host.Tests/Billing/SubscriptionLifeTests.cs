using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class SubscriptionLifeTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_preview_of_an_upgrade_is_what_the_upgrade_bills()
    {
        var (id, _) = await SubscribeAsync(new { fee = 10m });
        var pro = await PlanAsync(30);
        await HalfwayAsync(id);

        var body = new { plan_id = pro, when = "immediate", proration = "prorate" };
        var preview = (await _api.PostAsync($"/subscriptions/{id}/change-plan", new { plan_id = pro, when = "immediate", proration = "prorate", preview = true })).Ok();
        (await GetAsync(id)).GetProperty("plan_id").GetString().ShouldNotBe(preview.GetProperty("plan_id").GetString(), "nothing is stored");
        var changed = (await _api.PostAsync($"/subscriptions/{id}/change-plan", body)).Ok();

        var (asked, billed) = (preview.GetProperty("invoice"), changed.GetProperty("invoice"));
        foreach (var field in new[] { "id", "period", "lines", "subtotal", "tax_lines", "total", "amount_due" })
        {
            asked.GetProperty(field).GetRawText().ShouldBe(billed.GetProperty(field).GetRawText());
        }

        billed.GetProperty("lines").EnumerateArray().Select(line => (line.GetProperty("kind").GetString(), line.GetProperty("amount").GetDecimal())).ShouldBe([("flat", 15m), ("unused_time", -5m)]);
        (billed.GetProperty("status").GetString(), billed.GetProperty("total").GetDecimal()).ShouldBe(("issued", 10m));
        (await _api.GetAsync($"/invoicing/invoices/{billed.GetProperty("id").GetString()}")).Ok().GetProperty("total").GetDecimal().ShouldBe(10m);
        (await _api.PostAsync($"/subscriptions/{id}/change-plan", body)).ShouldFail(409, "CON_001");
    }

    [Fact]
    public async Task Transitions_say_where_a_plan_leads_and_a_change_at_the_periods_end_is_withdrawn()
    {
        var (basic, other) = (await PlanAsync(10), await PlanAsync(20));
        var pro = await PlanAsync(30, [new { to_plan_id = basic, when = "period_end", proration = "none" }]);
        (await _api.GetAsync($"/plans/{pro}")).Ok().GetProperty("transitions")[0].GetProperty("when").GetString().ShouldBe("period_end");
        var (id, end) = await SubscribeAsync(new { plan = pro });
        await HalfwayAsync(id);

        (await _api.PostAsync($"/subscriptions/{id}/change-plan", new { plan_id = other })).ShouldFail(409, "CON_001");
        (await _api.PostAsync($"/subscriptions/{id}/change-plan", new { plan_id = basic, when = "immediate" })).ShouldFail(409, "CON_001");
        var changed = (await _api.PostAsync($"/subscriptions/{id}/change-plan", new { plan_id = basic })).Ok();
        changed.GetProperty("effective_at").GetDateTimeOffset().ShouldBe(end);
        changed.GetProperty("invoice").ValueKind.ShouldBe(JsonValueKind.Null);
        var scheduled = changed.GetProperty("scheduled_changes")[0];
        (await _api.DeleteAsync($"/subscriptions/{id}/scheduled-changes/{scheduled.GetProperty("number").GetInt32()}")).Ok().GetProperty("scheduled_changes").GetArrayLength().ShouldBe(0);
        (await _api.DeleteAsync($"/subscriptions/{id}/scheduled-changes/0")).ShouldFail(409, "CON_001");
        foreach (var number in new[] { "x", "1.5", "-1", "99999999999" })
        {
            (await _api.DeleteAsync($"/subscriptions/{id}/scheduled-changes/{number}")).ShouldFail(400, "VAL_001", "number");
        }

        (await _api.GetAsync($"/subscriptions/{id}/history")).Ok().EnumerateArray().Select(item => item.GetProperty("type").GetString())
            .ShouldBe(["subscription.created", "subscription.plan_changed", "subscription.withdrawn"]);
    }

    [Fact]
    public async Task Quantities_prices_and_add_ons_change_in_a_period()
    {
        var (id, _) = await SubscribeAsync(new { seats = 3 });
        await HalfwayAsync(id);

        Total(await _api.PostAsync($"/subscriptions/{id}/quantities", new { quantities = new { nothing = 1 } }), 400);
        Total(await _api.PostAsync($"/subscriptions/{id}/quantities", new { quantities = new Dictionary<string, int> { [SeatCode] = 5 } })).ShouldBe(4m);
        (await _api.PostAsync($"/subscriptions/{id}/change-timezone", new { timezone = "UTC" })).Ok().GetProperty("timezone").GetString().ShouldBe("UTC");
        Total(await _api.PostAsync($"/subscriptions/{id}/price-overrides", new { price_overrides = new Dictionary<string, object> { [SeatCode] = new { currency = "USD", model = "per_unit", unit_amount = 2, timing = "in_advance" } } })).ShouldBe(-5m);
        var support = (await _api.PostAsync("/prices", new { code = Seed.Name("support"), currency = "USD", model = "flat", amount = 10, timing = "in_advance" })).Ok(201);
        var added = await _api.PostAsync($"/subscriptions/{id}/add-ons", new { price_id = Seed.Id(support), cycle = "aligned" });
        Total(added).ShouldBe(5m);
        var addOn = added.Ok().GetProperty("add_ons")[0].GetProperty("id").GetInt32();
        Total(await _api.DeleteAsync($"/subscriptions/{id}/add-ons/{addOn}")).ShouldBe(-5m);
        (await _api.DeleteAsync($"/subscriptions/{id}/add-ons/{addOn}")).ShouldFail(404, "RES_001");
        (await GetAsync(id)).GetProperty("quantities").GetProperty(SeatCode).GetInt32().ShouldBe(5);

        // 5.00 of the new terms became credit, and so did what the add-on gave back.
        (await _api.GetAsync("/ledger/trial-balance")).Ok().GetProperty("totals").EnumerateArray().ShouldAllBe(total => total.GetProperty("debits").GetDecimal() == total.GetProperty("credits").GetDecimal());
    }

    [Fact]
    public async Task It_is_canceled_at_once_and_reactivated_and_an_end_ahead_is_taken_back()
    {
        var (id, _) = await SubscribeAsync(new { fee = 10m });
        await HalfwayAsync(id);

        var canceled = await _api.PostAsync($"/subscriptions/{id}/cancel", new { when = "immediate", reason = "too expensive" });
        Total(canceled).ShouldBe(-5m);
        canceled.Ok().GetProperty("status").GetString().ShouldBe("canceled");
        (await _api.PostAsync($"/subscriptions/{id}/pause")).ShouldFail(409, "CON_001");
        Total(await _api.PostAsync($"/subscriptions/{id}/reactivate")).ShouldBe(5m);
        (await _api.PostAsync($"/subscriptions/{id}/cancel", new { when = "period_end" })).Ok().GetProperty("status").GetString().ShouldBe("active");
        (await _api.PostAsync($"/subscriptions/{id}/reactivate")).Ok().GetProperty("end_at").ValueKind.ShouldBe(JsonValueKind.Null);
        var later = (await _seed.NowAsync()).AddDays(3);
        (await _api.PostAsync($"/subscriptions/{id}/cancel", new { when = later })).Ok().GetProperty("end_at").GetDateTimeOffset().ShouldBe(later);
        (await _api.GetAsync($"/subscriptions/{id}/history")).Ok()[1].GetProperty("reason").GetString().ShouldBe("too expensive");
    }

    [Fact]
    public async Task A_change_is_told_of_at_most_ten_years_ahead()
    {
        var (id, _) = await SubscribeAsync(new { fee = 10m });

        (await _api.PostAsync($"/subscriptions/{id}/change-timezone", new { timezone = "Asia/Tokyo", when = "9999-12-31T23:59:59Z" })).ShouldFail(400, "VAL_001", "when");
        (await _api.PostAsync($"/subscriptions/{id}/cancel", new { when = (await _seed.NowAsync()).AddDays(3_661) })).ShouldFail(400, "VAL_001", "when");
        (await _api.PostAsync($"/subscriptions/{id}/cancel", new { when = (await _seed.NowAsync()).AddDays(3_660) })).Ok();
    }

    [Fact]
    public async Task It_is_paused_suspended_and_resumed()
    {
        var (id, end) = await SubscribeAsync(new { fee = 10m });
        await HalfwayAsync(id);

        var paused = await _api.PostAsync($"/subscriptions/{id}/pause", new { resume_at = end.AddDays(5) });
        Total(paused).ShouldBe(-5m);
        (paused.Ok().GetProperty("status").GetString(), paused.Ok().GetProperty("resume_at").GetDateTimeOffset()).ShouldBe(("paused", end.AddDays(5)));
        (await _api.GetAsync($"/subscriptions?status=paused&plan_id={paused.Ok().GetProperty("plan_id").GetString()}")).Ok().GetArrayLength().ShouldBe(1);
        Total(await _api.PostAsync($"/subscriptions/{id}/resume")).ShouldBe(5m);
        (await _api.PostAsync($"/subscriptions/{id}/suspend", new { cause = "spend_limit" })).Ok().GetProperty("suspension_causes")[0].GetString().ShouldBe("spend_limit");
        (await GetAsync(id)).GetProperty("status").GetString().ShouldBe("suspended");
        (await _api.PostAsync($"/subscriptions/{id}/resume")).Ok().GetProperty("status").GetString().ShouldBe("active");
        (await _api.PostAsync($"/subscriptions/{id}/renew", new { end_at = end })).Ok().GetProperty("end_at").GetDateTimeOffset().ShouldBe(end);
    }

    [Fact]
    public async Task Phases_overrides_and_a_trial_until_a_date_are_agreed_from_the_start()
    {
        var plan = await PlanAsync(30);
        var code = (await _api.GetAsync($"/plans/{plan}")).Ok().GetProperty("items")[0].GetProperty("price").GetProperty("code").GetString()!;
        var now = await _seed.NowAsync();
        object Flat(int amount) => new Dictionary<string, object> { [code] = new { currency = "USD", model = "flat", amount, timing = "in_advance" } };
        var created = (await _api.PostAsync("/subscriptions", new
        {
            customer_id = Seed.Id(await _seed.CustomerAsync()), plan_id = plan, trial_end_at = now.AddDays(10), price_overrides = Flat(12),
            phases = new[] { new { start_at = now.AddDays(10).AddMonths(1), price_overrides = Flat(20) } },
        })).Ok(201);
        var id = Seed.Id(created);
        created.GetProperty("status").GetString().ShouldBe("trialing");
        (await UpcomingAsync(id)).GetProperty("total").GetDecimal().ShouldBe(12m);

        await _seed.MoveAsync(now.AddDays(11));
        await RunAsync();
        (await UpcomingAsync(id)).GetProperty("total").GetDecimal().ShouldBe(20m);
        (await GetAsync(id)).GetProperty("status").GetString().ShouldBe("active");
        (await _api.PostAsync("/subscriptions", new { customer_id = created.GetProperty("customer_id").GetString(), plan_id = plan, trial_end_at = now.AddDays(-1) })).ShouldFail(400, "VAL_001", "trial_end_at");
    }

    private string SeatCode { get; } = Seed.Name("seats");

    private async Task<string> PlanAsync(decimal fee, object[]? transitions = null)
    {
        var plan = (await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Plan", items = new[] { new { price = new { currency = "USD", model = "flat", amount = fee, timing = "in_advance" } } }, transitions = transitions ?? [] })).Ok(201);
        return Seed.Id((await _api.PostAsync($"/plans/{Seed.Id(plan)}/publish")).Ok());
    }

    private async Task<string> SeatPlanAsync(int seats)
    {
        var item = new { price = new { code = SeatCode, currency = "USD", model = "per_unit", unit_amount = 4, timing = "in_advance" }, quantity = seats };
        var plan = (await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Seats", items = new[] { item } })).Ok(201);
        return Seed.Id((await _api.PostAsync($"/plans/{Seed.Id(plan)}/publish")).Ok());
    }

    // A subscription in a month of its own, and when that ends.
    private async Task<(string Id, DateTimeOffset End)> SubscribeAsync(object of)
    {
        var asked = JsonSerializer.SerializeToElement(of);
        var plan = asked.TryGetProperty("plan", out var known) ? known.GetString()!
            : asked.TryGetProperty("seats", out var seats) ? await SeatPlanAsync(seats.GetInt32())
            : await PlanAsync(asked.GetProperty("fee").GetDecimal());
        var subscription = await _seed.SubscriptionAsync(Seed.Id(await _seed.CustomerAsync()), plan, await _seed.NowAsync());
        await RunAsync();
        return (Seed.Id(subscription), subscription.GetProperty("current_period").GetProperty("end").GetDateTimeOffset());
    }

    private async Task HalfwayAsync(string id)
    {
        var period = (await GetAsync(id)).GetProperty("current_period");
        var (start, end) = (period.GetProperty("start").GetDateTimeOffset(), period.GetProperty("end").GetDateTimeOffset());
        await _seed.MoveAsync(start + ((end - start) / 2));
    }

    private async Task RunAsync() => (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = await _seed.NowAsync() })).Status.ShouldBeOneOf(200, 202);

    private async Task<JsonElement> GetAsync(string id) => (await _api.GetAsync($"/subscriptions/{id}")).Ok();

    private async Task<JsonElement> UpcomingAsync(string id) => (await _api.GetAsync($"/subscriptions/{id}/upcoming-invoice")).Ok();

    private static decimal Total(Answer answer, int status = 200)
    {
        answer.Status.ShouldBe(status);
        return status == 200 ? answer.Ok().GetProperty("invoice").GetProperty("total").GetDecimal() : 0;
    }
}
