using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>The developer portal: the catalogue that anybody may read, and registering; and the contracts that follow.</summary>
public sealed class DeveloperPortalTests(HostFixture host)
{
    [Fact]
    public async Task Whoever_registers_has_a_company_a_user_a_key_and_the_free_plan()
    {
        var (tenant, owner) = await host.TenantAsync();
        var (id, email) = (Seed.Id(tenant), $"{Seed.Name("developer")}@example.com");
        var form = new { email, password = People.Password, name = "Ada", company = "Analytical Engines", country = "GB", timezone = "Europe/London", tenant_id = id };
        (await host.Nobody.PostAsync("/portal/register", form)).ShouldFail(403, "AUTH_006");
        var plan = Seed.Id(await new Seed(owner).PlanAsync());
        (await owner.PatchAsync("/admin/settings", new { registration_plan_id = plan })).Ok().GetProperty("registration_plan_id").GetString().ShouldBe(plan);

        var answer = await host.Nobody.PostAsync("/portal/register", form);
        var made = answer.Ok(201);
        answer.Input.GetProperty("password").GetString().ShouldNotBe(People.Password);
        var profile = made.GetProperty("profile");
        (profile.GetProperty("customer_name").GetString(), profile.GetProperty("email").GetString(), profile.GetProperty("currency").GetString()).ShouldBe(("Analytical Engines", email, "USD"));
        made.GetProperty("subscription").GetProperty("plan_id").GetString().ShouldBe(plan);
        made.GetProperty("subscription").GetProperty("status").GetString().ShouldBe("active");

        var me = await new PortalPeople(host, owner).SignInAsync(email, People.Password);
        (await me.GetAsync("/portal/profile")).Ok().GetProperty("customer_id").GetString().ShouldBe(profile.GetProperty("customer_id").GetString());
        var key = made.GetProperty("api_key").GetProperty("key").GetString()!;
        (await host.Nobody.SendAsync(HttpMethod.Get, "/portal/subscriptions", null, ("X-API-Key", key))).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([Seed.Id(made.GetProperty("subscription"))]);
        (await owner.GetAsync($"/customers/{profile.GetProperty("customer_id").GetString()}")).Ok().GetProperty("country").GetString().ShouldBe("GB");
        (await host.Api.GetAsync($"/customers/{profile.GetProperty("customer_id").GetString()}")).ShouldFail(404, "RES_001");

        // Once: the same again is refused and makes nothing.
        var count = (await owner.GetAsync("/customers")).Ok().GetArrayLength();
        (await host.Nobody.PostAsync("/portal/register", form)).ShouldFail(409, "CON_001");
        (await owner.GetAsync("/customers")).Ok().GetArrayLength().ShouldBe(count);
        (await owner.GetAsync("/admin/audit?limit=500")).Ok().EnumerateArray().Any(entry => entry.GetProperty("actor").GetString() == profile.GetProperty("id").GetString()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_registration_is_checked_and_bounded_before_anything_is_made()
    {
        var (tenant, owner) = await host.TenantAsync();
        (await owner.PatchAsync("/admin/settings", new { registration_plan_id = Seed.Id(await new Seed(owner).PlanAsync()) })).Ok();
        var (id, email) = (Seed.Id(tenant), $"{Seed.Name("bounded")}@example.com");
        foreach (var (field, form) in new (string, object)[]
        {
            ("email", new { email = "nobody", password = People.Password, name = "Ada", tenant_id = id }),
            ("password", new { email, password = "short", name = "Ada", tenant_id = id }),
            ("name", new { email, password = People.Password, name = " ", tenant_id = id }),
            ("country", new { email, password = People.Password, name = "Ada", country = "Germany", tenant_id = id }),
            ("timezone", new { email, password = People.Password, name = "Ada", timezone = "Mars/Olympus", tenant_id = id }),
            ("tenant_id", new { email, password = People.Password, name = "Ada", tenant_id = "nonsense" }),
            ("roles", new { email, password = People.Password, name = "Ada", roles = new[] { "owner" }, tenant_id = id }),
        })
        {
            (await host.Nobody.PostAsync("/portal/register", form)).ShouldFail(400, "VAL_001", field);
        }

        (await host.Nobody.PostAsync("/portal/register", new { email, password = People.Password, name = "Ada", tenant_id = "ten_00000000000000000000000042" })).ShouldFail(403, "AUTH_006");
        (await owner.GetAsync("/customers")).Ok().GetArrayLength().ShouldBe(0);
        var last = 0;
        for (var attempt = 0; attempt < 11; attempt++)
        {
            last = (await host.Nobody.PostAsync("/portal/register", new { email, password = "short", name = "Ada", tenant_id = id })).Status;
        }

        last.ShouldBe(429);
        (await owner.PatchAsync("/admin/settings", new { registration_plan_id = "no-such-plan" })).ShouldFail(404, "RES_001");
        (await owner.PatchAsync("/admin/settings", new { registration_plan_id = (string?)null })).Ok();
        (await host.Nobody.PostAsync("/portal/register", new { email = $"x{email}", password = People.Password, name = "Ada", tenant_id = id })).ShouldFail(403, "AUTH_006");
    }

    [Fact]
    public async Task Of_those_who_register_with_one_address_at_once_one_becomes_a_customer_and_the_others_leave_nothing()
    {
        var (tenant, owner) = await host.TenantAsync();
        (await owner.PatchAsync("/admin/settings", new { registration_plan_id = Seed.Id(await new Seed(owner).PlanAsync()) })).Ok();
        var form = new { email = $"{Seed.Name("twin")}@example.com", password = People.Password, name = "Ada", country = "Nowhere", tenant_id = Seed.Id(tenant) };

        // Who was refused for a field has not taken the address.
        (await host.Nobody.PostAsync("/portal/register", form)).ShouldFail(400, "VAL_001", "country");
        var twin = new { form.email, form.password, form.name, form.tenant_id };
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => host.Nobody.PostAsync("/portal/register", twin)));
        answers.Select(answer => answer.Code).Order().ShouldBe([null, .. Enumerable.Repeat("CON_001", 5)]);
        foreach (var made in new[] { "/customers", "/subscriptions", "/admin/api-keys" })
        {
            (await owner.GetAsync(made)).Ok().GetArrayLength().ShouldBe(1, made);
        }

        await new PortalPeople(host, owner).SignInAsync(form.email, People.Password);
    }

    [Fact]
    public async Task The_catalogue_shows_the_prices_of_offered_plans_and_no_others()
    {
        var (tenant, owner) = await host.TenantAsync();
        var seed = new Seed(owner);
        var (speech, metric) = (Seed.Name("speech"), Seed.Id(await seed.MetricAsync("call")));
        (await owner.PostAsync("/products", new { code = speech, name = "Speech", docs_url = "javascript:alert(1)" })).ShouldFail(400, "VAL_001", "docs_url");
        (await owner.PostAsync("/products", new { code = speech, name = "Speech", description = "Speech to text", docs_url = "https://docs.example.com/speech" })).Ok(201);
        var offered = await PlanAsync(owner, speech, metric, "0.02");
        await PlanAsync(owner, speech, metric, "0.0123");
        (await CatalogueAsync(tenant)).GetArrayLength().ShouldBe(0);
        (await owner.PatchAsync("/admin/settings", new { offered_plan_ids = new[] { offered } })).Ok();

        var apis = await CatalogueAsync(tenant);
        var api = apis.EnumerateArray().Single();
        (api.GetProperty("code").GetString(), api.GetProperty("description").GetString(), api.GetProperty("docs_url").GetString()).ShouldBe((speech, "Speech to text", "https://docs.example.com/speech"));
        var plan = api.GetProperty("plans").EnumerateArray().Single();
        plan.GetProperty("code").GetString().ShouldBe(offered);
        plan.GetProperty("prices").EnumerateArray().Select(price => price.GetProperty("unit_amount").GetDecimal()).ShouldBe([0.02m]);
        plan.GetProperty("fees").EnumerateArray().Select(price => price.GetProperty("amount").GetDecimal()).ShouldBe([9m]);
        apis.GetRawText().ShouldNotContain("0.0123");
        apis.GetRawText().ShouldNotContain("secret note");
        (await host.Nobody.GetAsync("/portal/apis?tenant_id=nonsense")).Ok().GetArrayLength().ShouldBe(0);
        (await host.Nobody.GetAsync("/portal/apis")).Ok().GetRawText().ShouldNotContain(speech);

        (await host.Api.PostAsync($"/admin/tenants/{Seed.Id(tenant)}/suspend")).Ok();
        (await CatalogueAsync(tenant)).GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_contract_is_the_plan_under_the_terms_that_count_for_the_customer()
    {
        var (customer, me) = await new PortalPeople(host, host.Api).AddAsync();
        var (_, other) = await new PortalPeople(host, host.Api).AddAsync();
        var seed = new Seed(host.Api);
        var plan = await PlanAsync(host.Api, Seed.Id((await host.Api.PostAsync("/products", new { code = Seed.Name("product"), name = "Speech" })).Ok(201)), Seed.Id(await seed.MetricAsync("call")), "0.02");
        var subscription = Seed.Id((await host.Api.PostAsync("/subscriptions", new
        {
            customer_id = customer, plan_id = plan, start_at = await seed.NowAsync(), minimum_commitment = new { amount = 100 }, metadata = new { note = "secret note" },
            price_overrides = new Dictionary<string, object> { [$"{plan}-1"] = new { currency = "USD", model = "per_unit", unit_amount = "0.015" } },
        })).Ok(201));
        (await host.Api.PatchAsync($"/customers/{customer}", new { payment_terms_days = 14 })).Ok();

        var answer = (await me.GetAsync("/portal/contracts")).Ok();
        var contract = answer.EnumerateArray().Single();
        (contract.GetProperty("subscription_id").GetString(), contract.GetProperty("plan_code").GetString(), contract.GetProperty("plan_version").GetInt32()).ShouldBe((subscription, plan, 1));
        (contract.GetProperty("payment_terms_days").GetInt32(), contract.GetProperty("minimum_commitment").GetProperty("amount").GetDecimal()).ShouldBe((14, 100m));
        var items = contract.GetProperty("items").EnumerateArray().ToList();
        items.Select(item => item.GetProperty("negotiated").GetBoolean()).ShouldBe([true, false]);
        items[0].GetProperty("price").GetProperty("unit_amount").GetDecimal().ShouldBe(0.015m);
        items[1].GetProperty("price").GetProperty("amount").GetDecimal().ShouldBe(9m);
        answer.GetRawText().ShouldNotContain("secret note");
        (await other.GetAsync("/portal/contracts")).Ok().GetArrayLength().ShouldBe(0);
    }

    private async Task<JsonElement> CatalogueAsync(JsonElement tenant) => (await host.Nobody.GetAsync($"/portal/apis?tenant_id={Seed.Id(tenant)}")).Ok();

    /// <summary>A published plan of a price per call and a monthly fee of 9.</summary>
    private static async Task<string> PlanAsync(Api api, string product, string metric, string amount)
    {
        var code = Seed.Name("offer");
        var items = new object[]
        {
            new { price = new { currency = "USD", model = "per_unit", unit_amount = amount, product_id = product, metric_id = metric, metadata = new { note = "secret note" } } },
            new { price = new { currency = "USD", model = "flat", amount = 9, interval = "month", timing = "in_advance" } },
        };
        (await api.PostAsync("/plans", new { code, name = "Offer", items, metadata = new { note = "secret note" } })).Ok(201);
        (await api.PostAsync($"/plans/{code}/publish")).Ok();
        return code;
    }
}
