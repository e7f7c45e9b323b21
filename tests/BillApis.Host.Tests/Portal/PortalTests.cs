using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>The portal: a realm of its own, in which a customer's people see their own company's things and nobody else's.</summary>
public sealed class PortalTests(HostFixture host)
{
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_token_of_one_realm_is_none_in_the_other()
    {
        var (customer, user) = await CustomerAsync();
        var login = (await host.Nobody.PostAsync("/portal/auth/login", new { email = user, password = People.Password })).Ok();
        login.GetProperty("user").GetProperty("customer_id").GetString().ShouldBe(customer);
        var portal = new Api(host.CreateClient(), login.GetProperty("access_token").GetString());
        (await portal.GetAsync("/portal/auth/me")).Ok().GetProperty("email").GetString().ShouldBe(user);
        foreach (var path in new[] { "/auth/me", "/customers", "/invoicing/invoices", $"/customers/{customer}" })
        {
            (await portal.GetAsync(path)).ShouldFail(401, "AUTH_001");
        }

        (await host.Api.GetAsync("/portal/profile")).ShouldFail(401, "AUTH_001");
        (await host.Nobody.PostAsync("/auth/login", new { email = user, password = People.Password })).ShouldFail(401, "AUTH_001");
        (await host.Nobody.PostAsync("/portal/auth/login", new { email = HostFixture.Email, password = HostFixture.Password })).ShouldFail(401, "AUTH_001");
        var refresh = login.GetProperty("refresh_token").GetString();
        (await host.Nobody.PostAsync("/auth/refresh", new { refresh_token = refresh })).ShouldFail(401, "AUTH_001");
        (await host.Nobody.PostAsync("/portal/auth/refresh", new { refresh_token = refresh })).Ok();
        var key = (await host.Api.PostAsync("/admin/api-keys", new { name = "Key", scopes = new[] { "customers:read" }, customer_id = customer })).Ok(201).GetProperty("key").GetString()!;
        (await host.Nobody.SendAsync(HttpMethod.Get, "/portal/profile", null, ("X-API-Key", key))).ShouldFail(401, "AUTH_001");
    }

    [Fact]
    public async Task Signing_in_and_out_and_passwords_work_as_for_the_tenants_own_people()
    {
        var (customer, _) = await CustomerAsync();
        var email = $"{Seed.Name("invited")}@example.com";
        var invited = (await host.Api.PostAsync($"/customers/{customer}/portal-users", new { email, name = "Ada" })).Ok(201);
        var token = invited.GetProperty("reset_token").GetString();
        (await host.Nobody.PostAsync("/auth/password/reset", new { token, new_password = People.Password })).ShouldFail(400, "VAL_001", "token");
        (await host.Nobody.PostAsync("/portal/auth/password/reset", new { token, new_password = People.Password })).Ok();
        var login = (await host.Nobody.PostAsync("/portal/auth/login", new { email, password = People.Password })).Ok();
        var portal = new Api(host.CreateClient(), login.GetProperty("access_token").GetString());
        (await portal.PostAsync("/portal/auth/password", new { current_password = People.Password, new_password = "another password" })).Ok();
        (await portal.PostAsync("/portal/auth/logout")).Ok();
        (await host.Nobody.PostAsync("/portal/auth/refresh", new { refresh_token = login.GetProperty("refresh_token").GetString() })).ShouldFail(401, "AUTH_001");
        (await host.Nobody.PostAsync("/portal/auth/login", new { email, password = "another password" })).Ok();

        var path = $"/customers/{customer}/portal-users/{Seed.Id(invited)}";
        (await host.Api.GetAsync(path)).Ok().GetProperty("email").GetString().ShouldBe(email);
        (await host.Api.PostAsync($"{path}/password-reset")).Ok().GetProperty("reset_token").GetString().ShouldNotBeNullOrEmpty();
        (await host.Api.DeleteAsync(path)).Ok().GetProperty("disabled_at").ValueKind.ShouldBe(JsonValueKind.String);
        (await host.Nobody.PostAsync("/portal/auth/login", new { email, password = "another password" })).ShouldFail(401, "AUTH_001");
        (await host.Api.PostAsync($"{path}/password-reset")).ShouldFail(409, "CON_001");

        // They are none of the tenant's own people, and the same address may be both.
        (await host.Api.GetAsync($"/admin/users/{Seed.Id(invited)}")).ShouldFail(404, "RES_001");
        (await host.Api.PatchAsync($"/admin/users/{Seed.Id(invited)}", new { roles = new[] { "owner" } })).ShouldFail(404, "RES_001");
        (await host.Api.PostAsync("/admin/users", new { email, name = "Ada", password = People.Password })).Ok(201);
        (await host.Api.PostAsync($"/customers/{customer}/portal-users", new { email, name = "Twin" })).ShouldFail(409, "CON_001");
        var (other, _) = await CustomerAsync();
        (await host.Api.GetAsync($"/customers/{other}/portal-users/{Seed.Id(invited)}")).ShouldFail(404, "RES_001");
    }

    [Fact]
    public async Task People_see_their_own_customers_things_and_nobody_elses()
    {
        var (mine, myUser) = await CustomerAsync();
        var (theirs, theirUser) = await CustomerAsync();
        var (me, them) = (await SignInAsync(myUser), await SignInAsync(theirUser));
        var metric = await _seed.MetricAsync(Seed.Name("portal"));
        var plan = Seed.Id(await _seed.PlanAsync(Seed.Id(metric)));
        var things = new Dictionary<string, (string Subscription, string Invoice, string Key)>();
        foreach (var customer in new[] { mine, theirs })
        {
            var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, plan, await _seed.NowAsync()));
            var draft = Seed.Id((await host.Api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "Draft", quantity = 1, unit_amount = 7 } } })).Ok(201));
            var invoice = Seed.Id((await host.Api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "Setup", quantity = 1, unit_amount = 100 } } })).Ok(201));
            (await host.Api.PostAsync($"/invoicing/invoices/{invoice}/issue")).Ok();
            (await host.Api.PostAsync($"/invoicing/invoices/{invoice}/payments", new { amount = 40, reference = "bank" })).Ok(201);
            (await host.Api.PostAsync("/invoicing/credit-memos", new { invoice_id = invoice, amount = 10, reason = "Kindness" })).Ok(201);
            (await host.Api.PostAsync("/credits/grants", new { customer_id = customer, amount = 50, currency = "USD", category = "promotional" })).Ok(201);
            var key = Seed.Id((await host.Api.PostAsync("/admin/api-keys", new { name = "Key", scopes = new[] { "usage:write" }, customer_id = customer })).Ok(201));
            things[customer] = (subscription, invoice, key);
            (await (customer == mine ? me : them).GetAsync($"/portal/invoices/{draft}")).ShouldFail(404, "RES_001");
        }

        (await me.GetAsync("/portal/subscriptions")).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([things[mine].Subscription]);
        (await me.GetAsync("/portal/usage")).Ok().EnumerateArray().Select(item => item.GetProperty("subscription_id").GetString()).ShouldBe([things[mine].Subscription]);
        (await me.GetAsync("/portal/invoices")).Ok().EnumerateArray().Select(Seed.Id).ShouldContain(things[mine].Invoice);
        (await me.GetAsync("/portal/invoices")).Ok().EnumerateArray().Select(item => item.GetProperty("customer_id").GetString()).Distinct().ShouldBe([mine]);
        (await me.GetAsync("/portal/payments")).Ok().EnumerateArray().Select(item => (item.GetProperty("invoice_id").GetString(), item.GetProperty("amount").GetDecimal())).ShouldBe([(things[mine].Invoice, 40m)]);
        (await me.GetAsync("/portal/credit-memos")).Ok().EnumerateArray().Select(item => item.GetProperty("invoice_id").GetString()).ShouldBe([things[mine].Invoice]);
        (await me.GetAsync("/portal/credits")).Ok().EnumerateArray().Select(item => item.GetProperty("customer_id").GetString()).ShouldBe([mine]);
        (await me.GetAsync("/portal/credits/balance")).Ok().GetProperty("promotional").GetDecimal().ShouldBe(50);
        (await me.GetAsync("/portal/api-keys")).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([things[mine].Key]);

        foreach (var path in new[] { $"/portal/subscriptions/{things[theirs].Subscription}", $"/portal/invoices/{things[theirs].Invoice}", $"/portal/invoices/{things[theirs].Invoice}/pdf", $"/portal/invoices/{things[theirs].Invoice}/html" })
        {
            (await me.GetAsync(path)).ShouldFail(404, "RES_001");
        }

        (await me.DeleteAsync($"/portal/api-keys/{things[theirs].Key}")).ShouldFail(404, "RES_001");
        (await them.DeleteAsync($"/portal/api-keys/{things[theirs].Key}")).Ok().GetProperty("revoked_at").ValueKind.ShouldBe(JsonValueKind.String);
        (await me.GetAsync($"/portal/subscriptions/{things[mine].Subscription}")).Ok();
        (await me.GetAsync($"/portal/invoices/{things[mine].Invoice}")).Ok().GetProperty("amount_paid").GetDecimal().ShouldBe(40);
        using var client = host.CreateClient();
        foreach (var (form, start) in new[] { ("pdf", "%PDF-"), ("html", "<!") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/api/v1/portal/invoices/{things[mine].Invoice}/{form}", UriKind.Relative)) { Headers = { { "Authorization", $"Bearer {me.Token}" } } };
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith(start);
        }
    }

    [Fact]
    public async Task A_profile_is_read_and_what_is_ones_own_in_it_is_changed()
    {
        var (customer, email) = await CustomerAsync();
        var me = await SignInAsync(email);
        var profile = (await me.GetAsync("/portal/profile")).Ok();
        (profile.GetProperty("customer_id").GetString(), profile.GetProperty("email").GetString(), profile.GetProperty("currency").GetString()).ShouldBe((customer, email, "USD"));
        var changed = (await me.PatchAsync("/portal/profile", new { name = "Ada L.", billing_email = "bills@example.com" })).Ok();
        (changed.GetProperty("name").GetString(), changed.GetProperty("billing_email").GetString()).ShouldBe(("Ada L.", "bills@example.com"));
        (await host.Api.GetAsync($"/customers/{customer}")).Ok().GetProperty("email").GetString().ShouldBe("bills@example.com");
        (await me.PatchAsync("/portal/profile", new { name = "" })).ShouldFail(400, "VAL_001", "name");
        (await me.PatchAsync("/portal/profile", new { tax_exempt = true })).ShouldFail(400, "VAL_001", "tax_exempt");
    }

    private async Task<(string Customer, string Email)> CustomerAsync()
    {
        var (customer, email) = (Seed.Id(await _seed.CustomerAsync()), $"{Seed.Name("portal")}@example.com");
        (await host.Api.PostAsync($"/customers/{customer}/portal-users", new { email, name = "Ada", password = People.Password })).Ok(201);
        (await host.Api.GetAsync($"/customers/{customer}/portal-users")).Ok().EnumerateArray().Select(user => user.GetProperty("email").GetString()).ShouldBe([email]);
        return (customer, email);
    }

    private async Task<Api> SignInAsync(string email) =>
        new(host.CreateClient(), (await host.Nobody.PostAsync("/portal/auth/login", new { email, password = People.Password })).Ok().GetProperty("access_token").GetString());
}
