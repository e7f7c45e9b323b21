using BillApis.Outbox;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="IOutboxStore"/> must do; derive once for each database.</summary>
public abstract class OutboxStoreConformance(StoreFixture fixture)
{
    private static readonly Instant Now = Instant.FromUnixTimeSeconds(1_700_000_000);
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private IOutboxStore Store => fixture.Get<IOutboxStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_wait_in_order_with_all_they_carry_until_they_are_done()
    {
        var customer = NewCustomer(_tenant);
        BillingEvent[] events = [new("a.first", customer.Id.ToString(), Now, "{\"text\":\"« é »\"}"), new("a.second", customer.Id.ToString(), Now + Duration.FromMilliseconds(1))];
        await fixture.Get<IStore<Customer>>().SaveAsync(_tenant, [customer], events, Token);

        var pending = await Store.PendingAsync(_tenant, 10, Token);
        Assert.Equal(events, pending.Select(item => item.Event));
        Assert.All(pending, item => Assert.Equal(_tenant, item.Tenant));
        Assert.Single(await Store.PendingAsync(_tenant, 1, Token));

        await Store.DoneAsync([pending[0]], Now, Token);
        await Store.DoneAsync([pending[0]], Now, Token);
        Assert.Equal("a.second", Assert.Single(await Store.PendingAsync(_tenant, 10, Token)).Event.Type);
        Assert.Equal(2, (await Store.OfSubjectAsync(_tenant, customer.Id.ToString(), Token)).Count);
        Assert.Empty(await Store.PendingAsync(EntityId.New<TenantId>(), 10, Token));
    }

    [Fact]
    public async Task What_was_committed_is_handed_over_once_as_the_table_has_it_unless_it_is_done()
    {
        var customer = NewCustomer(_tenant);
        BillingEvent[] events = [.. Enumerable.Range(0, 20).Select(i => new BillingEvent("a.thing", customer.Id.ToString(), Now, $$"""{"n":{{i}}}"""))];
        Assert.Equal(SaveResult.Saved, await fixture.Get<IStore<Customer>>().SaveAsync(_tenant, [customer], events, Token));
        Assert.Equal(SaveResult.Conflict, await fixture.Get<IStore<Customer>>().SaveAsync(_tenant, [customer], [new BillingEvent("a.loser", customer.Id.ToString(), Now)], Token));

        var pending = await Store.PendingAsync(_tenant, 30, Token);
        await Store.DoneAsync([pending[3]], Now, Token);
        Assert.Empty(Store.TakeCommitted(EntityId.New<TenantId>())!);
        var taken = Store.TakeCommitted(_tenant);
        Assert.Equal(pending.Where((_, i) => i != 3), taken);
        Assert.Equal(events.Where((_, i) => i != 3), taken!.Select(item => item.Event));
        Assert.Empty(Store.TakeCommitted(_tenant)!);
        Assert.Equal(19, (await Store.PendingAsync(_tenant, 30, Token)).Count);
    }

    [Fact]
    public async Task What_was_committed_of_all_tenants_is_handed_over_together()
    {
        var other = EntityId.New<TenantId>();
        foreach (var tenant in new[] { other, _tenant, other })
        {
            var customer = NewCustomer(tenant);
            Assert.Equal(SaveResult.Saved, await fixture.Get<IStore<Customer>>().SaveAsync(tenant, [customer], [new BillingEvent("a.thing", customer.Id.ToString(), Now)], Token));
        }

        Assert.Equal([other, _tenant, other], Store.TakeCommitted(null)!.Select(item => item.Tenant).Where(tenant => tenant == _tenant || tenant == other));
        Assert.Empty(Store.TakeCommitted(_tenant)!);
        Assert.Empty(Store.TakeCommitted(null)!);
    }

    [Fact]
    public async Task What_lies_between_events_that_are_done_stays_whoever_it_belongs_to()
    {
        var other = EntityId.New<TenantId>();
        TenantId[] owners = [_tenant, other, _tenant, other, _tenant, other, _tenant, other];
        for (var i = 0; i < owners.Length; i++)
        {
            var customer = NewCustomer(owners[i]);
            Assert.Equal(SaveResult.Saved, await fixture.Get<IStore<Customer>>().SaveAsync(owners[i], [customer], [new BillingEvent($"a.{i}", customer.Id.ToString(), Now)], Token));
        }

        var stored = (await Store.PendingAsync(_tenant, 10, Token)).Concat(await Store.PendingAsync(other, 10, Token)).ToDictionary(item => item.Event.Type);
        await Store.DoneAsync([stored["a.7"], stored["a.2"], stored["a.4"], stored["a.1"], stored["a.2"], stored["a.4"], stored["a.0"]], Now, Token);

        Assert.Equal(["a.6"], (await Store.PendingAsync(_tenant, 10, Token)).Select(item => item.Event.Type));
        Assert.Equal(["a.3", "a.5"], (await Store.PendingAsync(other, 10, Token)).Select(item => item.Event.Type));
        Assert.Equal(["a.6"], Store.TakeCommitted(_tenant)!.Select(item => item.Event.Type));
    }

    [Fact]
    public async Task What_is_too_much_to_be_kept_is_left_to_the_table()
    {
        var customer = NewCustomer(_tenant);
        var events = Enumerable.Range(0, 20_000).Select(i => new BillingEvent("a.thing", customer.Id.ToString(), Now)).ToList();
        await fixture.Get<IStore<Customer>>().SaveAsync(_tenant, [customer], events, Token);

        Assert.Null(Store.TakeCommitted(_tenant));
        Assert.Empty(Store.TakeCommitted(_tenant)!);
        Assert.Equal(20_000, (await Store.PendingAsync(_tenant, 30_000, Token)).Count);
    }

    private static Customer NewCustomer(TenantId tenant) => new() { Tenant = tenant, Name = "Acme", Currency = Currency.Parse("USD") };
}
