namespace BillApis.Host.Tests;

public sealed class CouponTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_coupon_discounts_as_many_invoices_as_it_says()
    {
        var (customer, plan, code) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync()), Seed.Name("HALF"));
        var coupon = (await _api.PostAsync("/coupons", new { code, percent_off = "50", duration = "repeating", duration_periods = 2, max_redemptions = 1, name = "Half off" })).Ok(201);
        coupon.GetProperty("times_redeemed").GetInt32().ShouldBe(0);
        var now = await _seed.NowAsync();
        var subscription = (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, start_at = now, coupon_ids = new[] { code } })).Ok(201);
        subscription.GetProperty("coupons")[0].GetProperty("times_left").GetInt32().ShouldBe(2);

        var upcoming = (await _api.GetAsync($"/subscriptions/{Seed.Id(subscription)}/upcoming-invoice")).Ok();
        upcoming.GetProperty("discount_total").GetRawText().ShouldBe("10");
        await _seed.MoveAsync(now.AddMonths(2));
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now.AddMonths(2), customer_id = customer })).Ok(202).GetProperty("invoices_created").GetInt32().ShouldBe(3);

        var invoices = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok().EnumerateArray().Reverse().ToList();
        invoices.Select(invoice => (invoice.GetProperty("subtotal").GetDecimal(), invoice.GetProperty("discount_total").GetDecimal(), invoice.GetProperty("total").GetDecimal(), invoice.GetProperty("amount_due").GetDecimal()))
            .ShouldBe([(20m, 10m, 10m, 10m), (20m, 10m, 10m, 10m), (20m, 0m, 20m, 20m)]);
        var discount = invoices[0].GetProperty("discounts")[0];
        (discount.GetProperty("coupon_id").GetString(), discount.GetProperty("description").GetString()).ShouldBe((Seed.Id(coupon), "Half off"));
        invoices[0].GetProperty("lines")[0].GetProperty("discount_amount").GetRawText().ShouldBe("10");
        (await _api.GetAsync($"/coupons/{code}")).Ok().GetProperty("times_redeemed").GetInt32().ShouldBe(1);
        (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, coupon_ids = new[] { code } })).ShouldFail(409, "CON_001");
    }

    [Fact]
    public async Task A_coupon_is_put_on_a_subscription_and_taken_off()
    {
        var (customer, plan, code) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync()), Seed.Name("OFF"));
        await _api.PostAsync("/coupons", new { code, amount_off = 5, currency = "USD", duration = "forever" });
        var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, plan, await _seed.NowAsync()));

        (await _api.PostAsync($"/subscriptions/{subscription}/coupons", new { coupon_id = code })).Ok(201).GetProperty("coupons").GetArrayLength().ShouldBe(1);
        (await _api.PostAsync($"/subscriptions/{subscription}/coupons", new { coupon_id = code })).ShouldFail(409, "CON_001");
        (await _api.DeleteAsync($"/coupons/{code}")).ShouldFail(409, "CON_001");
        (await _api.PatchAsync($"/coupons/{code}", new { amount_off = 6 })).ShouldFail(409, "CON_001");
        (await _api.PatchAsync($"/coupons/{code}", new { name = "Five off" })).Ok().GetProperty("name").GetString().ShouldBe("Five off");
        (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok().GetProperty("total").GetRawText().ShouldBe("15");
        (await _api.DeleteAsync($"/subscriptions/{subscription}/coupons/{code}")).Ok().GetProperty("coupons").GetArrayLength().ShouldBe(0);
        (await _api.DeleteAsync($"/subscriptions/{subscription}/coupons/{code}")).ShouldFail(404, "RES_001");
        (await _api.DeleteAsync($"/coupons/{code}")).Ok().GetProperty("archived_at").GetString().ShouldNotBeNull();
        (await _api.PostAsync($"/subscriptions/{subscription}/coupons", new { coupon_id = code })).ShouldFail(409, "CON_001");
    }

    [Fact]
    public async Task A_coupon_for_a_product_or_a_plan_is_for_nothing_else()
    {
        var (customer, plan, other) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync()), Seed.Id(await _seed.PlanAsync()));
        var product = (await _api.PostAsync("/products", new { code = Seed.Name("product"), name = "API" })).Ok(201);
        var (ofProduct, ofPlan) = (Seed.Name("P"), Seed.Name("L"));
        (await _api.PostAsync("/coupons", new { code = ofProduct, percent_off = 10, applies_to = new[] { product.GetProperty("code").GetString() } })).Ok(201).GetProperty("applies_to")[0].GetString().ShouldBe(Seed.Id(product));
        (await _api.PostAsync("/coupons", new { code = ofPlan, percent_off = 10, applies_to_plans = new[] { other } })).Ok(201);
        var subscription = (await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, coupon_ids = new[] { ofProduct } })).Ok(201);

        (await _api.GetAsync($"/subscriptions/{Seed.Id(subscription)}/upcoming-invoice")).Ok().GetProperty("discount_total").GetRawText().ShouldBe("0");
        (await _api.PostAsync($"/subscriptions/{Seed.Id(subscription)}/coupons", new { coupon_id = ofPlan })).ShouldFail(409, "CON_001");
        (await _api.GetAsync($"/coupons?code={ofProduct}")).Ok().GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"percent_off":10}""", "code")]
    [InlineData("""{"code":"?"}""", "percent_off")]
    [InlineData("""{"code":"?","percent_off":100.1}""", "percent_off")]
    [InlineData("""{"code":"?","percent_off":10,"amount_off":1,"currency":"USD"}""", "percent_off")]
    [InlineData("""{"code":"?","amount_off":1}""", "currency")]
    [InlineData("""{"code":"?","currency":"USD"}""", "amount_off")]
    [InlineData("""{"code":"?","amount_off":1.005,"currency":"USD"}""", "amount_off")]
    [InlineData("""{"code":"?","percent_off":10,"duration":"repeating"}""", "duration_periods")]
    [InlineData("""{"code":"?","percent_off":10,"duration":"once","duration_periods":2}""", "duration_periods")]
    [InlineData("""{"code":"?","percent_off":10,"max_redemptions":0}""", "max_redemptions")]
    [InlineData("""{"code":"?","percent_off":10,"duration":"sometimes"}""", "duration")]
    public async Task A_wrong_field_of_a_coupon_is_named(string body, string field) =>
        (await _api.PostAsync("/coupons", body.Replace("?", Seed.Name("C"), StringComparison.Ordinal))).ShouldFail(400, "VAL_001", field);
}
