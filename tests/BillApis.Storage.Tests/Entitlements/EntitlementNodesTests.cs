using BillApis.Pricing;
using BillApis.Storage;
using BillApis.Storage.Sql;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BillApis.Storage.Tests.Entitlements;

/// <summary>What one node changes, another that keeps copies learns from the database at once.</summary>
public sealed class EntitlementNodesTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_change_on_one_node_reaches_the_copies_of_another()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var other = new ServiceCollection().AddBilling(billing => billing.UsePostgres(fixture.Connection)).BuildServiceProvider();
        var (here, there, tenant) = (fixture.Get<Billing>(), other.GetRequiredService<Billing>(), EntityId.New<TenantId>());
        var feature = await here.Features.CreateAsync(tenant, new Feature { Code = "calls", Name = "Calls" }, stop);
        var customer = await here.Customers.CreateAsync(tenant, new Customer { Name = "Acme", Currency = Currency.Parse("USD") }, stop);
        var listener = other.GetServices<IHostedService>().OfType<SqlChanges>().Single();
        await listener.StartAsync(stop);
        var feed = other.GetRequiredService<ChangeFeed>();
        SpinWait.SpinUntil(() => feed.ReachesAll, Patience).ShouldBeTrue();

        // Kept for a minute now, so that only what is told can change the answer this soon.
        (await there.Entitlements.CheckAsync(tenant, customer.Id.ToString(), "calls", cancellationToken: stop)).Allowed.ShouldBeFalse();
        using var told = new SemaphoreSlim(0);
        feed.Changed += change => _ = change.Customer == customer.Id ? told.Release() : 0;
        await here.Entitlements.GrantAsync(tenant, new NewEntitlement(customer.Id.ToString(), new Entitlement(feature.Id, EntitlementType.Boolean)), stop);
        (await told.WaitAsync(Patience, stop)).ShouldBeTrue();
        (await there.Entitlements.CheckAsync(tenant, customer.Id.ToString(), "calls", cancellationToken: stop)).Allowed.ShouldBeTrue();
        await listener.StopAsync(stop);
        feed.ReachesAll.ShouldBeFalse();
    }
}
