using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="IStore{T}"/> must do, tried on customers; derive once for each database.</summary>
public abstract class StoreConformance(StoreFixture fixture)
{
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private IStore<Customer> Store => fixture.Get<IStore<Customer>>();

    [Fact]
    public async Task A_saved_thing_reads_back_equal_with_the_next_version_by_id_and_by_alias()
    {
        var customer = NewCustomer() with { Address = new Address("1 Rue de l'Été", City: "Orléans"), ExternalId = "ext-1", Email = "a@example.com" };

        Assert.Equal(SaveResult.Saved, await SaveAsync(customer));

        Assert.Equal(customer with { Version = 1 }, Comparable(await Store.FindAsync(_tenant, customer.Id.ToString(), Token), customer));
        Assert.Equal(customer with { Version = 1 }, Comparable(await Store.FindAsync(_tenant, "ext-1", Token), customer));
        Assert.Equal(customer with { Version = 1 }, Comparable(await fixture.GetFromAnotherNode<IStore<Customer>>().FindAsync(_tenant, "ext-1", Token), customer));
    }

    [Fact]
    public async Task The_same_new_thing_and_a_taken_alias_are_conflicts_that_store_nothing()
    {
        var first = NewCustomer() with { ExternalId = "taken" };
        await SaveAsync(first);

        Assert.Equal(SaveResult.Conflict, await SaveAsync(first, Event(first.Id)));
        Assert.Equal(SaveResult.Conflict, await SaveAsync(NewCustomer() with { ExternalId = "taken" }, Event(first.Id)));
        var other = NewCustomer();
        await SaveAsync(other);
        Assert.Equal(SaveResult.Conflict, await SaveAsync(other with { ExternalId = "taken", Version = 1 }, Event(first.Id)));
        Assert.Empty(await fixture.Get<Outbox.IOutboxStore>().OfSubjectAsync(_tenant, first.Id.ToString(), Token));
    }

    [Fact]
    public async Task Many_are_read_at_once_and_only_those_that_the_tenant_has()
    {
        var (first, second, foreign) = (NewCustomer() with { ExternalId = "many" }, NewCustomer(), NewCustomer() with { Tenant = EntityId.New<TenantId>() });
        await SaveAsync(first);
        await SaveAsync(second);
        await Store.SaveAsync(foreign.Tenant, [foreign], [], Token);

        var read = await Store.FindManyAsync(_tenant, [first.Id.ToString(), second.Id.ToString(), second.Id.ToString(), foreign.Id.ToString(), "many", "no such"], Token);

        Assert.Equal(new[] { first.Id.Value, second.Id.Value }.Order(), read.Select(item => item.Id.Value).Order());
        Assert.All(read, item => Assert.Equal(1, item.Version));
        Assert.Empty(await Store.FindManyAsync(_tenant, [], Token));
    }

    [Fact]
    public async Task The_same_thing_twice_in_a_batch_is_a_conflict()
    {
        var (twice, stored) = (NewCustomer(), NewCustomer());
        await SaveAsync(stored);

        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_tenant, [twice, twice], [], Token));
        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_tenant, [stored with { Version = 1 }, stored with { Version = 1 }], [], Token));

        Assert.Null(await Store.FindAsync(_tenant, twice.Id.ToString(), Token));
        Assert.Equal(1, (await Store.FindAsync(_tenant, stored.Id.ToString(), Token))!.Version);
    }

    [Fact]
    public async Task A_batch_with_one_conflict_stores_nothing_of_it()
    {
        var (stored, fresh) = (NewCustomer(), NewCustomer());
        await SaveAsync(stored);

        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_tenant, [fresh, stored], [], Token));
        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_tenant, [fresh, stored with { Version = 7 }], [], Token));

        Assert.Null(await Store.FindAsync(_tenant, fresh.Id.ToString(), Token));
    }

    [Fact]
    public async Task Of_many_writers_at_one_version_exactly_one_wins()
    {
        var customer = NewCustomer();
        await SaveAsync(customer);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => SaveAsync(customer with { Version = 1, Name = $"Writer {i}" }, Event(customer.Id)))));

        Assert.Single(results, SaveResult.Saved);
        Assert.Single(await fixture.Get<Outbox.IOutboxStore>().OfSubjectAsync(_tenant, customer.Id.ToString(), Token));
    }

    [Fact]
    public async Task Another_tenant_sees_and_changes_nothing()
    {
        var customer = NewCustomer() with { ExternalId = "mine" };
        await SaveAsync(customer);
        var stranger = EntityId.New<TenantId>();

        Assert.Null(await Store.FindAsync(stranger, customer.Id.ToString(), Token));
        Assert.Null(await Store.FindAsync(stranger, "mine", Token));
        Assert.Empty((await Store.ListAsync(stranger, new StoreQuery(), Token)).Items);
        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(stranger, [customer with { Tenant = stranger, Version = 1 }], [], Token));
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(stranger, [NewCustomer() with { Tenant = stranger, ExternalId = "mine" }], [], Token));
    }

    [Fact]
    public async Task Pages_follow_on_newest_first_without_gaps_or_repeats_while_things_are_added()
    {
        var ids = Enumerable.Range(0, 7).Select(_ => NewCustomer()).ToList();
        foreach (var customer in ids)
        {
            await SaveAsync(customer);
        }

        var seen = new List<CustomerId>();
        for (string? after = null; ;)
        {
            var page = await Store.ListAsync(_tenant, new StoreQuery { Limit = 3, After = after }, Token);
            seen.AddRange(page.Items.Select(item => item.Id));
            await SaveAsync(NewCustomer());
            if ((after = page.Next) is null)
            {
                break;
            }
        }

        Assert.Equal(ids.Select(item => item.Id).Reverse(), seen);
    }

    [Fact]
    public async Task A_filter_narrows_the_list_and_an_unknown_one_is_a_bug()
    {
        await SaveAsync(NewCustomer() with { Email = "a@example.com" });
        await SaveAsync(NewCustomer() with { Email = "b@example.com" });

        Assert.Single((await Store.ListAsync(_tenant, new StoreQuery().With("email", "b@example.com"), Token)).Items);
        await Assert.ThrowsAsync<ArgumentException>(() => Store.ListAsync(_tenant, new StoreQuery().With("name", "x"), Token));
    }

    [Fact]
    public async Task A_canceled_token_stops_the_call()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.SaveAsync(_tenant, [NewCustomer()], [], source.Token));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<SaveResult> SaveAsync(Customer customer, params BillingEvent[] events) => Store.SaveAsync(_tenant, [customer], events, Token);

    private Customer NewCustomer() => new() { Tenant = _tenant, Name = "Société « Été »", Currency = Currency.Parse("EUR"), CreatedAt = NodaTime.Instant.FromUnixTimeSeconds(1) };

    private static BillingEvent Event(CustomerId id) => new("customer.tried", id.ToString(), NodaTime.Instant.FromUnixTimeSeconds(1));

    // Collections compare by reference in records: where they hold the same, one stands for the other.
    private static Customer? Comparable(Customer? read, Customer saved)
    {
        Assert.NotNull(read);
        Assert.Equal(saved.Metadata, read.Metadata);
        return read with { Metadata = saved.Metadata };
    }
}
