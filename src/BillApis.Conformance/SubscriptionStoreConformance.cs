using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="ISubscriptionStore"/> must do beside <see cref="StoreConformance"/>; derive once for each database.</summary>
public abstract class SubscriptionStoreConformance(StoreFixture fixture)
{
    private static readonly Instant January = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Duration Minute = Duration.FromMinutes(1);
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private ISubscriptionStore Store => fixture.Get<ISubscriptionStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_subscription_reads_back_whole()
    {
        var subscription = NewSubscription(January);
        await Store.SaveAsync(_tenant, [subscription], [], Token);

        var read = (await Store.FindAsync(_tenant, subscription.Id.ToString(), Token))!;

        Assert.Equal(subscription.Timeline.Quantities, read.Timeline.Quantities);
        Assert.Equal(subscription with { Version = 1, Metadata = read.Metadata, Timeline = read.Timeline }, read);
        Assert.Equal(subscription.Timeline, read.Timeline with { Quantities = subscription.Timeline.Quantities });
    }

    [Fact]
    public async Task Those_that_redeemed_a_coupon_are_found_page_by_page_and_no_others()
    {
        var coupon = new Coupon { Code = $"C{Guid.CreateVersion7():N}", Terms = new CouponTerms { PercentOff = 10 } }.Created(_tenant, January);
        Subscription[] redeemers = [.. Enumerable.Range(0, 3).Select(_ => NewSubscription(January).Redeem(coupon, January))];
        await Store.SaveAsync(_tenant, [.. redeemers, NewSubscription(January)], [], [], Token);
        await Store.SaveAsync(_tenant, [redeemers[1].WithVersion(1)], [], Token);

        var first = await Store.ListRedeemersAsync(_tenant, coupon.Id, null, 2, Token);
        var rest = await Store.ListRedeemersAsync(_tenant, coupon.Id, first[^1].Id, 2, Token);

        Assert.Equal(redeemers.Select(item => item.Id.ToString()).Order(StringComparer.Ordinal), first.Concat(rest).Select(item => item.Id.ToString()));
        Assert.Empty(await Store.ListRedeemersAsync(_tenant, EntityId.New<CouponId>(), null, 2, Token));
        Assert.Empty(await Store.ListRedeemersAsync(EntityId.New<TenantId>(), coupon.Id, null, 2, Token));
    }

    [Fact]
    public async Task Those_of_some_customers_are_found_newest_first()
    {
        var (first, second, third) = (NewSubscription(January), NewSubscription(January), NewSubscription(January));
        var more = NewSubscription(January) with { Customer = first.Customer };
        await Store.SaveAsync(_tenant, [first, second, third, more], [], Token);

        var found = await Store.OfCustomersAsync(_tenant, [first.Customer, third.Customer, EntityId.New<CustomerId>()], Token);
        Assert.Equal(new[] { first, third, more }.Select(item => item.Id.ToString()).OrderDescending(StringComparer.Ordinal), found.Select(item => item.Id.ToString()));
        Assert.Empty(await Store.OfCustomersAsync(_tenant, [], Token));
        Assert.Empty(await Store.OfCustomersAsync(EntityId.New<TenantId>(), [first.Customer], Token));
    }

    [Fact]
    public async Task Those_with_a_usage_threshold_are_listed_until_they_are_over()
    {
        var threshold = Money.Of(10m, Currency.Parse("EUR"));
        Subscription[] watched = [.. Enumerable.Range(0, 3).Select(_ => NewSubscription(January) with { UsageThreshold = threshold, IsWatched = true })];
        await Store.SaveAsync(_tenant, [.. watched, NewSubscription(January), NewSubscription(January) with { UsageThreshold = threshold, IsWatched = true, NextBillingAt = null }], [], Token);
        var query = new DueQuery(January, _tenant);

        var first = await Store.ListWatchedAsync(query, null, 2, Token);
        var rest = await Store.ListWatchedAsync(query, first[^1].Id, 2, Token);

        Assert.Equal(watched.Select(item => item.Id.ToString()).Order(StringComparer.Ordinal), first.Concat(rest).Select(item => item.Id.ToString()));
        Assert.Equal(threshold, first[0].UsageThreshold);
        Assert.Equal(watched[1].Id, Assert.Single(await Store.ListWatchedAsync(query with { Customer = watched[1].Customer }, null, 10, Token)).Id);
        Assert.Empty(await Store.ListWatchedAsync(query with { Tenant = EntityId.New<TenantId>() }, null, 10, Token));
    }

    [Fact]
    public async Task What_changes_by_itself_is_listed_as_it_is_once_that_is_refreshed_and_stays_what_it_was_saved_as()
    {
        var (trial, other) = (NewSubscription(January), NewSubscription(January));
        await Store.SaveAsync(_tenant, [trial, other with { Timeline = other.Timeline with { TrialEndAt = null } }], [], Token);
        var query = new StoreQuery().With("status", "trialing");
        Assert.Equal(trial.Id, Assert.Single((await Store.ListAsync(_tenant, query, Token)).Items).Id);

        await Store.RefreshAsync(_tenant, January + Minute, Token);

        Assert.Empty((await Store.ListAsync(_tenant, query, Token)).Items);
        Assert.Equal(2, (await Store.ListAsync(_tenant, query.With("status", "active"), Token)).Items.Count);
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, [trial.WithVersion(1)], [], Token));
    }

    [Fact]
    public async Task A_due_subscription_is_leased_to_one_caller_until_it_is_saved()
    {
        var (due, later) = (NewSubscription(January), NewSubscription(January + Minute));
        await Store.SaveAsync(_tenant, [due, later], [], Token);
        var query = new DueQuery(January, _tenant);

        var leased = Assert.Single(await Store.LeaseAsync(query, 10, Minute, Token));
        Assert.Equal(due.Id, leased.Id);
        Assert.Empty(await fixture.GetFromAnotherNode<ISubscriptionStore>().LeaseAsync(query, 10, Minute, Token));
        Assert.Single(await Store.ListDueAsync(query, null, 10, Token));

        await Store.SaveAsync(_tenant, [leased], [], Token);
        Assert.Single(await Store.LeaseAsync(query, 10, Minute, Token));
    }

    [Fact]
    public async Task A_lease_that_ran_out_is_given_to_the_next()
    {
        await Store.SaveAsync(_tenant, [NewSubscription(January)], [], Token);
        var query = new DueQuery(January, _tenant);

        Assert.Single(await Store.LeaseAsync(query, 10, -Minute, Token));
        Assert.Single(await Store.LeaseAsync(query, 10, Minute, Token));
    }

    [Fact]
    public async Task Many_callers_share_what_is_due_and_nobody_gets_anything_twice()
    {
        await Store.SaveAsync(_tenant, [.. Enumerable.Range(0, 60).Select(_ => NewSubscription(January))], [], Token);
        var query = new DueQuery(January, _tenant);
        Assert.Equal((60, 0), (await Store.CountDueAsync(query, Token), await Store.CountDueAsync(query with { At = January - Minute }, Token)));

        var leased = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => (i % 2 == 0 ? Store : fixture.GetFromAnotherNode<ISubscriptionStore>()).LeaseAsync(query, 10, Minute, Token))));

        var ids = leased.SelectMany(batch => batch.Select(item => item.Id)).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(leased, batch => Assert.True(batch.Count <= 10));
        ids.AddRange((await Store.LeaseAsync(query, 60, Minute, Token)).Select(item => item.Id));
        Assert.Equal(60, ids.Distinct().Count());
    }

    [Fact]
    public async Task The_workers_grace_and_the_customer_narrow_what_is_due()
    {
        var subscription = NewSubscription(January) with { AutoBillingAt = January + Minute };
        await Store.SaveAsync(_tenant, [subscription], [], Token);

        Assert.Empty(await Store.ListDueAsync(new DueQuery(January, _tenant, Automatic: true), null, 10, Token));
        Assert.Single(await Store.ListDueAsync(new DueQuery(January + Minute, _tenant, Automatic: true), null, 10, Token));
        Assert.Single(await Store.ListDueAsync(new DueQuery(January, _tenant, subscription.Customer), null, 10, Token));
        Assert.Empty(await Store.ListDueAsync(new DueQuery(January, _tenant, EntityId.New<CustomerId>()), null, 10, Token));
        Assert.Empty(await Store.ListDueAsync(new DueQuery(January, _tenant), subscription.Id, 10, Token));
    }

    [Fact]
    public async Task A_redemption_stands_or_falls_with_its_coupon()
    {
        var coupon = new Coupon { Code = "half", Terms = new CouponTerms { PercentOff = 50 } }.Created(_tenant, January);
        await fixture.Get<IStore<Coupon>>().SaveAsync(_tenant, [coupon], [], Token);
        var read = coupon.WithVersion(1);
        var (first, second) = (NewSubscription(January), NewSubscription(January));

        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, [first.Redeem(read, January)], [read.Redeem(first.Currency, January)], [], Token));
        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_tenant, [second.Redeem(read, January)], [read.Redeem(second.Currency, January)], [], Token));

        Assert.Null(await Store.FindAsync(_tenant, second.Id.ToString(), Token));
        Assert.Equal(1, (await fixture.Get<IStore<Coupon>>().FindAsync(_tenant, "half", Token))!.Redemptions);
        var redemption = Assert.Single((await Store.FindAsync(_tenant, first.Id.ToString(), Token))!.Coupons);
        Assert.Equal((coupon.Id, "half", 50m, January, 0), (redemption.Coupon, redemption.Description, redemption.Terms.PercentOff, redemption.At, redemption.Uses));
    }

    private Subscription NewSubscription(Instant nextBilling) => new()
    {
        Id = EntityId.New<SubscriptionId>(),
        Tenant = _tenant,
        Customer = EntityId.New<CustomerId>(),
        Plan = EntityId.New<PlanId>(),
        PlanVersion = 1,
        Currency = Currency.Parse("EUR"),
        Timeline = new Timeline
        {
            StartAt = January,
            Zone = DateTimeZoneProviders.Tzdb["Europe/Paris"],
            Anchor = BillingAnchor.OnDay(15),
            TrialEndAt = January + Minute,
            Quantities = System.Collections.Immutable.ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", 2.5m),
        },
        NextBillingAt = nextBilling,
        AutoBillingAt = nextBilling,
        CreatedAt = January,
    };
}
