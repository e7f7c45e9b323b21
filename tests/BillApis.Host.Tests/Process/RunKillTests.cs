namespace BillApis.Host.Tests;

/// <summary>The host is killed in the middle of an invoice run, and between a run and its answer: the request with the same key answers the run that it began.</summary>
public sealed class RunKillTests : IDisposable
{
    private const string Password = "a known password";
    private readonly string _folder = Directory.CreateTempSubdirectory("billapis-run-").FullName;

    // What waits for the lock that the test holds: the first invoice of the run, or the answer's row once the run is done.
    [Theory]
    [InlineData("before insert on billing_invoice for each row", true)]
    [InlineData("before update on billing_stored_answer for each row when (new.body like '%invoices_created%' and new.body like '%completed%')", true)]
    [InlineData("before update on billing_stored_answer for each row when (new.body like '%invoices_created%')", false)]
    public async Task Killed_at_any_step_the_repeat_answers_the_same_run(string trigger, bool wait)
    {
        var database = await PostgresServer.NewDatabaseAsync();
        string[] settings = [$"--Billing:Admin:Password={Password}", "--Billing:Storage=postgres", $"--Billing:ConnectionString={database}", "--Billing:Clock=test", "--Billing:TestClock:Start=2026-01-01T00:00:00Z"];
        string[] later = [.. settings[..4], "--Billing:TestClock:Start=2026-02-01T00:00:00Z"];
        var token = "";
        await using (var host = await HostProcess.StartAsync(_folder, settings))
        {
            token = await host.TokenAsync("admin@localhost", Password);
            await SubscribeAsync(host.Api(token));
        }

        await using (var host = await HostProcess.StartAsync(_folder, later))
        {
            await using var held = await HeldWrite.StartAsync(database, trigger);
            var lost = RunAsync(host.Api(token), wait);
            await held.ReachedAsync();
            await host.KillAsync();
            await Should.ThrowAsync<HttpRequestException>(() => lost);
            await held.DropAsync();

            // A dead worker's leases end after half a minute; this is that half a minute.
            await held.ExecuteAsync("update billing_subscription set leased_until = null");
        }

        await using var again = await HostProcess.StartAsync(_folder, later);
        var (first, second) = (await RunAsync(again.Api(token), wait), await RunAsync(again.Api(token), wait));
        var run = Seed.Id(first.Ok(202));
        second.Envelope.GetRawText().ShouldBe(first.Envelope.GetRawText());
        second.Headers.Contains("Idempotent-Replayed").ShouldBeTrue();
        await Eventually.TrueAsync(async () => (await again.Api(token).GetAsync($"/invoicing/runs/{run}")).Ok().GetProperty("status").GetString() == "completed");
        (await again.Api(token).GetAsync("/invoicing/runs")).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([run]);

        // January and the first of February, in advance: two invoices of the one subscription, whatever was cut off.
        (await again.Api(token).GetAsync("/invoicing/invoices")).Ok().GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task A_twin_waits_for_a_run_that_takes_longer_than_a_crash_is_waited_for()
    {
        var database = await PostgresServer.NewDatabaseAsync();
        await using var host = await HostProcess.StartAsync(_folder, $"--Billing:Admin:Password={Password}", "--Billing:Storage=postgres", $"--Billing:ConnectionString={database}", "--Billing:Clock=test", "--Billing:TestClock:Start=2026-01-01T00:00:00Z");
        var token = await host.TokenAsync("admin@localhost", Password);
        await SubscribeAsync(host.Api(token));
        await using var held = await HeldWrite.StartAsync(database, "before insert on billing_invoice for each row");
        var (first, twin) = (RunAsync(host.Api(token), wait: true), RunAsync(host.Api(token), wait: true));

        // Claimed, and renewed three times: more than five seconds, and nobody took over.
        await Eventually.TrueAsync(async () => await held.CountAsync("billing_stored_answer where alias like '%run-once' and version >= 4") == 1);
        await held.ReleaseAsync();
        (await twin).Envelope.GetRawText().ShouldBe((await first).Envelope.GetRawText());
        new[] { await first, await twin }.Count(answer => answer.Headers.Contains("Idempotent-Replayed")).ShouldBe(1);
        (await host.Api(token).GetAsync("/invoicing/runs")).Ok().GetArrayLength().ShouldBe(1);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task SubscribeAsync(Api api)
    {
        var customer = Seed.Id((await api.PostAsync("/customers", new { name = "Acme", currency = "USD" })).Ok(201));
        (await api.PostAsync("/prices", new { code = "fee", currency = "USD", model = "flat", amount = 10, interval = "month", timing = "in_advance" })).Ok(201);
        (await api.PostAsync("/plans", new { code = "pro", name = "Pro", items = new[] { new { price_id = "fee" } } })).Ok(201);
        (await api.PostAsync("/plans/pro/publish")).Ok();
        (await api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = "pro", start_at = "2026-01-01T00:00:00Z" })).Ok(201);
    }

    private static Task<Answer> RunAsync(Api api, bool wait) =>
        api.PostOnceAsync($"/invoicing/runs?wait={(wait ? "true" : "false")}", new { }, "run-once");
}
