using BillApis.Identity;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests;

/// <summary>A request with an idempotency key is carried out once.</summary>
public sealed class IdempotencyTests(HostFixture host)
{
    private readonly string _email = $"{Seed.Name("once")}@example.com";

    [Fact]
    public async Task A_repeat_gets_the_first_answer_and_another_request_is_refused()
    {
        var first = await CreateAsync("key-1", "Acme");
        first.Ok(201);
        first.Headers.Contains("Idempotent-Replayed").ShouldBeFalse();

        var repeat = await CreateAsync("key-1", "Acme");
        repeat.Ok(201);
        repeat.Envelope.GetRawText().ShouldBe(first.Envelope.GetRawText());
        repeat.Headers["Idempotent-Replayed"].ShouldBe(["true"]);

        var reused = await CreateAsync("key-1", "Another");
        reused.ShouldFail(409, "IDM_001");
        reused.Input.GetProperty("name").GetString().ShouldBe("Another");
        (await CreateAsync("key-2", "Acme")).Ok(201);
        (await CountAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task A_refusal_is_an_answer_too()
    {
        (await CreateAsync("key", "")).ShouldFail(400, "VAL_001", "name");
        var repeat = await CreateAsync("key", "");
        repeat.ShouldFail(400, "VAL_001", "name");
        repeat.Headers.Contains("Idempotent-Replayed").ShouldBeTrue();
        (await CreateAsync(new string('k', 201), "Acme")).ShouldFail(400, "VAL_001", "Idempotency-Key");
    }

    [Fact]
    public async Task Of_concurrent_twins_one_is_carried_out_and_all_get_its_answer()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CreateAsync("twins", "Acme")));
        answers.ShouldAllBe(answer => answer.Status == 201);
        answers.Select(answer => answer.Envelope.GetRawText()).Distinct().Count().ShouldBe(1);
        answers.Count(answer => !answer.Headers.Contains("Idempotent-Replayed")).ShouldBe(1);
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Usage_reservations_and_money_are_done_once_too()
    {
        var seed = new Seed(host.Api);
        var customer = Seed.Id(await seed.CustomerAsync());
        var lines = new[] { new { description = "Setup", quantity = 1, unit_amount = 100 } };
        var invoice = Seed.Id((await host.Api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines })).Ok(201));
        (await host.Api.PostAsync("/spend-control/limits", new { customer_id = customer, monthly_limit = 1000, action_on_exceed = "block" })).Ok(201);
        foreach (var (path, body) in new (string, object)[]
        {
            ($"/invoicing/invoices/{invoice}/issue", new { }),
            ($"/invoicing/invoices/{invoice}/payments", new { amount = 30, reference = "bank" }),
            ("/invoicing/credit-memos", new { invoice_id = invoice, amount = 10, reason = "Kindness" }),
            ("/credits/grants", new { customer_id = customer, amount = 5, currency = "USD", category = "promotional" }),
            ("/usage/events", new { id = Seed.Name("event"), type = Seed.Name("type"), customer_id = customer }),
            ("/entitlements/reservations", new { customer_id = customer, amount = 100 }),
        })
        {
            var answers = new List<Answer>();
            for (var i = 0; i < 3; i++)
            {
                answers.Add(await host.Api.PostOnceAsync(path, body, $"{customer}{path}"));
            }

            answers[0].Status.ShouldBeLessThan(300, $"{path} {answers[0].Envelope}");
            answers.Select(answer => answer.Envelope.GetRawText()).Distinct().Count().ShouldBe(1, path);
        }

        var paid = (await host.Api.GetAsync($"/invoicing/invoices/{invoice}")).Ok();
        (paid.GetProperty("amount_paid").GetDecimal(), paid.GetProperty("amount_due").GetDecimal()).ShouldBe((30m, 60m));
        (await host.Api.GetAsync($"/credits/balance?customer_id={customer}")).Ok().GetProperty("promotional").GetDecimal().ShouldBe(5);
    }

    // What a crash between a run and its answer leaves: the run is done, and nothing is known under its key.
    [Fact]
    public async Task A_run_whose_answer_was_lost_is_answered_and_none_is_begun()
    {
        var seed = new Seed(host.Api);
        var customer = Seed.Id(await seed.CustomerAsync());
        Task<Answer> RunAsync() => host.Api.PostOnceAsync("/invoicing/runs?wait=true", new { customer_id = customer }, $"{customer}-run");
        var first = await RunAsync();
        first.Ok(202).GetProperty("status").GetString().ShouldBe("completed");
        var (answers, me) = (host.Services.GetRequiredService<IStore<StoredAnswer>>(), (await host.Api.GetAsync("/auth/me")).Ok().GetProperty("id").GetString());
        var kept = await answers.FindAsync(TenantId.Default, $"{me}:{customer}-run", TestContext.Current.CancellationToken);
        (await answers.SaveAsync(TenantId.Default, [kept! with { Status = null, Body = null, ClaimedAt = null }], [], TestContext.Current.CancellationToken)).ShouldBe(SaveResult.Saved);

        var repeat = await RunAsync();
        repeat.Ok(202).GetRawText().ShouldBe(first.Ok(202).GetRawText());
        repeat.Headers.Contains("Idempotent-Replayed").ShouldBeFalse();
        (await host.Api.GetAsync("/invoicing/runs")).Ok().EnumerateArray().Count(run => run.GetProperty("customer_id").GetString() == customer).ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_that_shows_a_secret_is_repeated_but_never_kept_in_clear()
    {
        var answers = new List<Answer>();
        for (var i = 0; i < 2; i++)
        {
            answers.Add(await host.Api.PostOnceAsync("/admin/api-keys", new { name = _email, scopes = new[] { "usage:write" } }, $"{_email}-secret"));
        }

        var key = answers[0].Ok(201).GetProperty("key").GetString()!;
        answers[1].Ok(201).GetProperty("key").GetString().ShouldBe(key);
        var me = (await host.Api.GetAsync("/auth/me")).Ok().GetProperty("id").GetString();
        var kept = await host.Services.GetRequiredService<IStore<StoredAnswer>>().FindAsync(TenantId.Default, $"{me}:{_email}-secret", TestContext.Current.CancellationToken);
        kept!.Body.ShouldNotBeNull().ShouldNotContain(key[20..]);
        kept.Status.ShouldBe(201);
    }

    // As it was kept before what is kept of an endpoint was encrypted: the hash, and then the answer too.
    [Fact]
    public async Task What_was_kept_in_clear_answers_its_repeat()
    {
        Task<Answer> CreateAsync(string name) => host.Api.PostOnceAsync("/admin/api-keys", new { name, scopes = new[] { "usage:write" } }, $"{_email}-clear");
        var first = await CreateAsync(_email);
        first.Ok(201);
        var (answers, me) = (host.Services.GetRequiredService<IStore<StoredAnswer>>(), (await host.Api.GetAsync("/auth/me")).Ok().GetProperty("id").GetString());
        var protector = host.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("BillApis.StoredAnswer");
        foreach (var isBody in new[] { false, true })
        {
            var kept = await answers.FindAsync(TenantId.Default, $"{me}:{_email}-clear", TestContext.Current.CancellationToken);
            var clear = isBody ? kept! with { Body = protector.Unprotect(kept.Body!) } : kept! with { RequestHash = protector.Unprotect(kept.RequestHash) };
            (await answers.SaveAsync(TenantId.Default, [clear], [], TestContext.Current.CancellationToken)).ShouldBe(SaveResult.Saved);

            var repeat = await CreateAsync(_email);
            repeat.Ok(201);
            repeat.Envelope.GetRawText().ShouldBe(first.Envelope.GetRawText());
            repeat.Headers["Idempotent-Replayed"].ShouldBe(["true"]);
            (await CreateAsync("another")).ShouldFail(409, "IDM_001");
        }
    }

    [Fact]
    public async Task Whoever_has_not_signed_in_is_answered_once_too()
    {
        var (tenant, owner) = await host.TenantAsync();
        (await owner.PatchAsync("/admin/settings", new { registration_plan_id = Seed.Id(await new Seed(owner).PlanAsync()) })).Ok();
        var registration = new { email = _email, password = People.Password, name = "Ada", tenant_id = Seed.Id(tenant) };
        var registered = await TwiceAsync("/portal/register", registration);
        registered.Ok(201).GetProperty("api_key").GetProperty("key").GetString().ShouldNotBeNullOrEmpty();
        (await owner.GetAsync("/customers")).Ok().EnumerateArray().Count(customer => customer.GetProperty("email").GetString() == _email).ShouldBe(1);
        (await host.Nobody.PostOnceAsync("/portal/register", registration with { name = "Grace" }, $"{_email}/portal/register")).ShouldFail(409, "IDM_001");

        var tokens = (await TwiceAsync("/portal/auth/login", new { email = _email, password = People.Password })).Ok();
        var refreshed = (await TwiceAsync("/portal/auth/refresh", new { refresh_token = tokens.GetProperty("refresh_token").GetString() })).Ok();

        // The second time was no use of it: the family of tokens lives.
        (await host.Nobody.PostAsync("/portal/auth/refresh", new { refresh_token = refreshed.GetProperty("refresh_token").GetString() })).Ok();
        var kept = await host.Services.GetRequiredService<IStore<StoredAnswer>>().ListAsync(TenantId.Default, new StoreQuery { Limit = Limits.PageSize }, TestContext.Current.CancellationToken);
        var mine = kept.Items.Where(answer => answer.Name.Contains(_email, StringComparison.Ordinal)).ToList();
        mine.Count.ShouldBe(3);
        mine.ShouldAllBe(answer => !answer.Body!.Contains(_email) && !answer.Body.Contains("token"));
        mine.Select(answer => answer.RequestHash.Length).ShouldAllBe(length => length > 64, "a hash that is quick to make would be quick to guess a password by");
    }

    [Fact]
    public async Task A_path_that_nothing_is_at_keeps_nothing() =>
        (await host.Nobody.PostOnceAsync("/nowhere", new { }, _email)).ShouldFail(404, "REQ_001");

    private async Task<Answer> TwiceAsync(string path, object body)
    {
        var (first, second) = (await host.Nobody.PostOnceAsync(path, body, $"{_email}{path}"), await host.Nobody.PostOnceAsync(path, body, $"{_email}{path}"));
        second.Envelope.GetRawText().ShouldBe(first.Envelope.GetRawText(), path);
        (first.Headers.Contains("Idempotent-Replayed"), second.Headers.Contains("Idempotent-Replayed")).ShouldBe((false, true), path);
        return first;
    }

    private Task<Answer> CreateAsync(string key, string name) => host.Api.PostOnceAsync("/customers", new { name, currency = "USD", email = _email }, $"{_email}-{key}");

    private async Task<int> CountAsync() => (await host.Api.GetAsync($"/customers?email={_email}")).Ok().GetArrayLength();
}
