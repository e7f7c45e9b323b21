using System.Collections.Concurrent;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What is subscribed to, in versions.</summary>
public sealed class Plans(IStore<Plan> store, IStore<Price> prices, IStore<Subscription> subscriptions, IClock clock) : MasterData<Plan>(store, clock)
{
    private const int CacheSize = 10_000;
    private readonly IClock _clock = clock;
    private readonly ConcurrentDictionary<(PlanId, int, Currency), PlanVersion> _published = [];

    /// <summary>Freezes the draft version with its prices as they stand now; new subscriptions take it from then on.</summary>
    /// <exception cref="BillingException">The latest version is published already, or the plan is archived or empty.</exception>
    public async Task<Plan> PublishAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default)
    {
        var plan = await GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        var current = new Dictionary<PriceId, Price>();
        foreach (var item in plan.Latest.Items)
        {
            current[item.Price.Id] = await prices.FindAsync(tenant, item.Price.Id.ToString(), cancellationToken).ConfigureAwait(false) ?? item.Price;
        }

        PlanItem Refreshed(PlanItem item) => current.TryGetValue(item.Price.Id, out var price) ? item with { Price = price } : item;
        return await ChangeAsync(
            tenant,
            reference,
            "published",
            found => found.WithDraft(draft => draft with { Items = [.. draft.Items.Select(Refreshed)] }).Publish(_clock.GetCurrentInstant()),
            check: null,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds the next draft version, a copy of the latest; running subscriptions keep theirs.</summary>
    /// <exception cref="BillingException">There is a draft already.</exception>
    public Task<Plan> AddVersionAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default) =>
        AddVersionAsync(tenant, reference, plan => plan.NextVersion(), cancellationToken);

    /// <summary>Adds the next draft version with other fields than the latest.</summary>
    internal Task<Plan> AddVersionAsync(TenantId tenant, string reference, Func<Plan, Plan> next, CancellationToken cancellationToken) =>
        ChangeAsync(tenant, reference, "version_added", next, CheckChangeAsync, cancellationToken);

    /// <summary>A published version in one of its currencies; immutable, and so kept in memory.</summary>
    internal async Task<PlanVersion> VersionAsync(TenantId tenant, PlanId id, int number, Currency currency, CancellationToken cancellationToken)
    {
        if (_published.TryGetValue((id, number, currency), out var known))
        {
            return known;
        }

        var plan = await GetAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false);
        if (_published.Count >= CacheSize)
        {
            _published.Clear();
        }

        return _published[(id, number, currency)] = plan.Versions.Single(version => version.Number == number).In(currency);
    }

    /// <summary>The versions of all plans that a subscription goes through.</summary>
    internal async Task<PlanVersions> VersionsAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var versions = new PlanVersions(await VersionAsync(subscription.Tenant, subscription.Plan, subscription.PlanVersion, subscription.Currency, cancellationToken).ConfigureAwait(false));
        foreach (var later in subscription.Timeline.Entries.Select(entry => entry.Plan).OfType<PlanRef>().Distinct())
        {
            versions = versions with { Later = versions.Later.SetItem(later, await VersionAsync(subscription.Tenant, later.Plan, later.Version, subscription.Currency, cancellationToken).ConfigureAwait(false)) };
        }

        return versions;
    }

    private protected override async Task CheckReferencesAsync(Plan item, CancellationToken cancellationToken)
    {
        foreach (var price in item.Latest.Items.Select(planItem => planItem.Price))
        {
            var stored = await prices.FindAsync(item.Tenant, price.Id.ToString(), cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Price.Kind, price.Code);
            if (stored.ArchivedAt is not null)
            {
                throw new BillingException(BillingErrorCode.Conflict, $"The price '{price.Code}' is archived and cannot be put in a plan.");
            }
        }
    }

    private protected override async Task<string?> UsedByAsync(Plan item, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("plan_id", item.Id.ToString());
        return await subscriptions.FirstAsync(item.Tenant, query, subscription => !subscription.IsOver, cancellationToken).ConfigureAwait(false) is { } user
            ? $"the subscription '{user.Id}'"
            : null;
    }
}
