namespace BillApis.Host.Tests;

public sealed class MigrationTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task Every_bill_of_a_migration_is_previewed_and_then_made()
    {
        var (code, plan) = (Seed.Name("fee"), Seed.Name("plan"));
        var price = new { code, currency = "USD", model = "flat", amount = 10, timing = "in_advance" };
        (await _api.PostAsync("/plans", new { code = plan, name = "Plan", items = new[] { new { price } } })).Ok(201);
        (await _api.PostAsync($"/plans/{plan}/publish")).Ok();
        var subscriptions = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            subscriptions.Add(Seed.Id(await _seed.SubscriptionAsync(Seed.Id(await _seed.CustomerAsync()), plan, await _seed.NowAsync())));
        }

        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = await _seed.NowAsync() })).Status.ShouldBeOneOf(200, 202);
        (await _api.PostAsync($"/plans/{plan}/versions")).Ok(201);
        (await _api.PatchAsync($"/plans/{plan}", new { items = new[] { new { price = new { code = Seed.Name("fee"), currency = "USD", model = "flat", amount = 25, timing = "in_advance" } } } })).Ok();
        (await _api.PostAsync($"/plans/{plan}/publish")).Ok();

        var asked = await _api.PostAsync($"/plans/{plan}/migrations?limit=2", new { when = "immediate", dry_run = true });
        asked.Ok().EnumerateArray().Select(item => item.GetProperty("invoice").GetProperty("total").GetDecimal()).ShouldBe([15m, 15m]);
        asked.Envelope.GetProperty("page").GetProperty("has_more").GetBoolean().ShouldBeTrue();
        (await _api.GetAsync($"/subscriptions/{subscriptions[0]}")).Ok().GetProperty("plan_version").GetInt32().ShouldBe(1);

        (await _api.PostAsync($"/plans/{plan}/migrations", new { when = "immediate" })).Ok().GetArrayLength().ShouldBe(3);
        (await _api.GetAsync($"/subscriptions/{subscriptions[0]}")).Ok().GetProperty("plan_version").GetInt32().ShouldBe(2);
        (await _api.PostAsync($"/plans/{plan}/migrations", new { when = "immediate" })).Ok().GetArrayLength().ShouldBe(0);
        (await _api.PostAsync($"/plans/{plan}/migrations", new { plan_version = 7 })).ShouldFail(400, "VAL_001", "plan_version");
    }
}
