using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="ISpendLimitStore"/> must do.</summary>
public abstract class SpendLimitStoreConformance(StoreFixture fixture)
{
    private static readonly Instant Now = Instant.FromUtc(2026, 3, 1, 12, 0);
    private readonly ISpendLimitStore _store = fixture.Get<ISpendLimitStore>();

    /// <summary>Customers with limits are those whose limits hold, of one tenant, each once.</summary>
    [Fact]
    public async Task Customers_with_limits_are_found()
    {
        var (tenant, other) = (EntityId.New<TenantId>(), EntityId.New<TenantId>());
        var (first, second) = (Limit(tenant), Limit(tenant));
        await SaveAsync(first, first with { Id = EntityId.New<SpendLimitId>() }, second, Limit(other));
        Assert.Equivalent(new[] { first.Customer, second.Customer }, (await _store.CustomersAsync(tenant, default)));
        await SaveAsync(second with { DeletedAt = Now, Version = 1 });
        Assert.Equal(first.Customer, Assert.Single(await _store.CustomersAsync(tenant, default)));
    }

    /// <summary>Limits of all tenants are walked through page by page, and those that were deleted are not.</summary>
    [Fact]
    public async Task Limits_that_hold_are_walked_through()
    {
        SpendLimit[] limits = [.. Enumerable.Range(0, 5).Select(_ => Limit(EntityId.New<TenantId>()))];
        await SaveAsync(limits);
        await SaveAsync(limits[2] with { DeletedAt = Now, Version = 1 });
        var (walked, after) = (new List<SpendLimitId>(), (SpendLimitId?)null);
        while (await _store.WatchedAsync(after, 2, default) is { Count: > 0 } page)
        {
            walked.AddRange(page.Select(limit => limit.Id));
            after = page[^1].Id;
        }

        Assert.Distinct(walked);
        Assert.Equal(new[] { limits[0].Id, limits[1].Id, limits[3].Id, limits[4].Id }, walked.Where(id => limits.Any(limit => limit.Id == id)));
    }

    /// <summary>Limits of some customers are those that hold, of one tenant.</summary>
    [Fact]
    public async Task Limits_of_some_customers_are_found()
    {
        var (tenant, other) = (EntityId.New<TenantId>(), EntityId.New<TenantId>());
        var (first, second, third) = (Limit(tenant), Limit(tenant), Limit(tenant));
        var more = first with { Id = EntityId.New<SpendLimitId>() };
        await SaveAsync(first, more, second, third, Limit(other) with { Customer = first.Customer });
        await SaveAsync(second with { DeletedAt = Now, Version = 1 });
        Assert.Equal([more.Id, first.Id], (await _store.OfCustomersAsync(tenant, [first.Customer, second.Customer, EntityId.New<CustomerId>()], default)).Select(limit => limit.Id));
        Assert.Empty(await _store.OfCustomersAsync(tenant, [], default));
    }

    private async Task SaveAsync(params SpendLimit[] limits)
    {
        foreach (var limit in limits)
        {
            Assert.Equal(SaveResult.Saved, (await _store.SaveAsync(limit.Tenant, [limit], [], default)));
        }
    }

    private static SpendLimit Limit(TenantId tenant) => new()
    {
        Id = EntityId.New<SpendLimitId>(), Tenant = tenant, Customer = EntityId.New<CustomerId>(), Monthly = Money.Round(10, Currency.Parse("USD")), CreatedAt = Now,
    };
}
