namespace BillApis.Host.Tests;

/// <summary>API keys that a customer's own people make: they read that customer's things below <c>/portal</c>, and nothing else anywhere.</summary>
public sealed class PortalKeyTests(HostFixture host)
{
    private static readonly string[] Rights = ["credit-memos:read", "credits:read", "invoices:read", "payments:read", "subscriptions:read", "usage:read"];
    private readonly PortalPeople _people = new(host, host.Api);

    [Fact]
    public async Task A_key_is_shown_once_and_reads_what_its_scopes_say_of_its_own_customer()
    {
        var ((mine, me), (theirs, them)) = (await _people.AddAsync(), await _people.AddAsync());
        var created = (await me.PostAsync("/portal/api-keys", new { name = "Dashboard", scopes = new[] { "subscriptions:read" } })).Ok(201);
        var (id, key) = (Seed.Id(created), created.GetProperty("key").GetString()!);
        (created.GetProperty("customer_id").GetString(), created.GetProperty("realm").GetString(), created.GetProperty("mode").GetString()).ShouldBe((mine, "portal", "live"));
        foreach (var listing in new[] { await me.GetAsync("/portal/api-keys"), await me.GetAsync($"/portal/api-keys/{id}"), await host.Api.GetAsync($"/admin/api-keys/{id}"), await host.Api.GetAsync($"/admin/api-keys?customer_id={mine}") })
        {
            listing.Ok();
            listing.Envelope.GetRawText().ShouldNotContain(key);
            listing.Envelope.GetRawText().ShouldContain(key[..20]);
        }

        var plan = Seed.Id(await new Seed(host.Api).PlanAsync());
        var subscription = Seed.Id(await new Seed(host.Api).SubscriptionAsync(mine, plan, await new Seed(host.Api).NowAsync()));
        await new Seed(host.Api).SubscriptionAsync(theirs, plan, await new Seed(host.Api).NowAsync());
        (await WithAsync(key, HttpMethod.Get, "/portal/subscriptions")).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([subscription]);
        (await WithAsync(key, HttpMethod.Get, "/portal/invoices")).ShouldFail(403, "AUTH_006");
        foreach (var path in new[] { "/portal/profile", "/portal/api-keys", "/portal/auth/me" })
        {
            (await WithAsync(key, HttpMethod.Get, path)).ShouldFail(403, "AUTH_006");
        }

        (await WithAsync(key, HttpMethod.Post, "/portal/api-keys")).ShouldFail(403, "AUTH_006");
        foreach (var path in new[] { "/subscriptions", $"/subscriptions/{subscription}", "/customers", "/usage/events" })
        {
            (await WithAsync(key, HttpMethod.Get, path)).ShouldFail(401, "AUTH_001");
        }

        (await them.GetAsync($"/portal/api-keys/{id}")).ShouldFail(404, "RES_001");
        (await them.PostAsync($"/portal/api-keys/{id}/rotate")).ShouldFail(404, "RES_001");
        (await them.PostAsync($"/portal/api-keys/{id}/revoke")).ShouldFail(404, "RES_001");
        var second = (await me.PostAsync($"/portal/api-keys/{id}/rotate", new { overlap_seconds = 0 })).Ok().GetProperty("key").GetString()!;
        (await WithAsync(key, HttpMethod.Get, "/portal/subscriptions")).ShouldFail(401, "AUTH_001");
        (await WithAsync(second, HttpMethod.Get, "/portal/subscriptions")).Ok();
        (await me.PostAsync($"/portal/api-keys/{id}/revoke")).Ok().GetProperty("revoked_at").GetString().ShouldNotBeNull();
        (await WithAsync(second, HttpMethod.Get, "/portal/subscriptions")).ShouldFail(401, "AUTH_001");
        (await me.PostAsync($"/portal/api-keys/{id}/rotate")).ShouldFail(409, "CON_001");
    }

    [Fact]
    public async Task Nobody_makes_a_key_that_may_do_more_than_a_customer()
    {
        var (customer, me) = await _people.AddAsync();
        (await me.PostAsync("/portal/api-keys", new { name = "All" })).Ok(201).GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()).ShouldBe(Rights);
        foreach (var scope in new[] { "customers:read", "subscriptions:write", "usage:write", "invoices:*", "*:read", "*:*", "api-keys:write" })
        {
            (await me.PostAsync("/portal/api-keys", new { name = "More", scopes = new[] { "usage:read", scope } })).ShouldFail(403, "AUTH_006");
        }

        (await me.PostAsync("/portal/api-keys", new { name = "None", scopes = Array.Empty<string>() })).ShouldFail(400, "VAL_001", "scopes");
        (await me.PostAsync("/portal/api-keys", new { name = "Unknown", scopes = new[] { "secrets:read" } })).ShouldFail(400, "VAL_001", "scopes[0]");
        (await me.PostAsync("/portal/api-keys", new { name = "Other", customer_id = "acme" })).ShouldFail(400, "VAL_001", "customer_id");
        (await me.PostAsync("/portal/api-keys", new { name = "Late", expires_at = "2020-01-01T00:00:00Z" })).ShouldFail(400, "VAL_001", "expires_at");

        // Nor does anybody make more of it afterwards, or get at the tenant's own key by rotating it.
        var key = Seed.Id((await me.PostAsync("/portal/api-keys", new { name = "Mine", mode = "test", allowed_networks = new[] { "10.0.0.0/8" } })).Ok(201));
        (await host.Api.PatchAsync($"/admin/api-keys/{key}", new { scopes = new[] { "customers:read" } })).ShouldFail(400, "VAL_001", "scopes");
        (await host.Api.PatchAsync($"/admin/api-keys/{key}", new { customer_id = (string?)null })).ShouldFail(400, "VAL_001", "customer_id");
        (await host.Api.PatchAsync($"/admin/api-keys/{key}", new { scopes = new[] { "usage:read" } })).Ok();
        var theirs = (await host.Api.PostAsync("/admin/api-keys", new { name = "The tenant's", scopes = new[] { "usage:read" }, customer_id = customer })).Ok(201);
        (await me.PostAsync($"/portal/api-keys/{Seed.Id(theirs)}/rotate")).ShouldFail(403, "AUTH_006");
        (await WithAsync(theirs.GetProperty("key").GetString()!, HttpMethod.Get, "/portal/usage")).ShouldFail(401, "AUTH_001");
        (await me.DeleteAsync($"/portal/api-keys/{Seed.Id(theirs)}")).Ok();
    }

    [Fact]
    public async Task The_tenant_narrows_a_customers_key_and_does_not_widen_it()
    {
        var (_, me) = await _people.AddAsync();
        var certificate = new string('a', 64);
        var path = $"/admin/api-keys/{Seed.Id((await me.PostAsync("/portal/api-keys", new { name = "Mine", scopes = new[] { "usage:read", "invoices:read" }, allowed_networks = new[] { "10.0.0.0/8", "192.0.2.7" }, expires_at = "2090-01-01T00:00:00Z" })).Ok(201))}";
        (await host.Api.PatchAsync(path, new { client_certificate = certificate })).Ok();
        foreach (var (field, wider) in new (string, object)[]
        {
            ("scopes", new { scopes = new[] { "usage:read", "credits:read" } }),
            ("allowed_networks", new { allowed_networks = Array.Empty<string>() }),
            ("allowed_networks", new { allowed_networks = (string[]?)null }),
            ("allowed_networks", new { allowed_networks = new[] { "10.0.0.0/7" } }),
            ("allowed_networks", new { allowed_networks = new[] { "10.1.0.0/16", "192.0.2.6/31" } }),
            ("allowed_networks", new { allowed_networks = new[] { "::/0" } }),
            ("client_certificate", new { client_certificate = (string?)null }),
            ("client_certificate", new { client_certificate = new string('b', 64) }),
            ("expires_at", new { expires_at = (string?)null }),
            ("expires_at", new { expires_at = "2090-01-01T00:00:01Z" }),
        })
        {
            (await host.Api.PatchAsync(path, wider)).ShouldFail(400, "VAL_001", field);
        }

        var same = (await host.Api.PatchAsync(path, new { name = "Theirs" })).Ok();
        (same.GetProperty("scopes").GetArrayLength(), same.GetProperty("allowed_networks").GetArrayLength()).ShouldBe((2, 2));
        var narrower = (await host.Api.PatchAsync(path, new { scopes = new[] { "usage:read" }, allowed_networks = new[] { "10.1.0.0/16", "192.0.2.7" }, expires_at = "2089-12-31T00:00:00Z" })).Ok();
        narrower.GetProperty("expires_at").GetString().ShouldBe("2089-12-31T00:00:00Z");
        (await host.Api.PatchAsync(path, new { scopes = new[] { "usage:read", "invoices:read" } })).ShouldFail(400, "VAL_001", "scopes");
    }

    [Fact]
    public async Task A_customer_has_a_hundred_keys_at_most()
    {
        var (_, me) = await _people.AddAsync();
        var first = Seed.Id((await me.PostAsync("/portal/api-keys", new { name = "Key 1" })).Ok(201));
        for (var number = 2; number <= 100; number++)
        {
            (await me.PostAsync("/portal/api-keys", new { name = $"Key {number}" })).Ok(201);
        }

        (await me.PostAsync("/portal/api-keys", new { name = "Key 101" })).ShouldFail(409, "CON_001");
        (await me.DeleteAsync($"/portal/api-keys/{first}")).Ok();
        (await me.PostAsync("/portal/api-keys", new { name = "Key 101" })).Ok(201);
    }

    private Task<Answer> WithAsync(string key, HttpMethod method, string path) => host.Nobody.SendAsync(method, path, null, ("X-API-Key", key));
}
