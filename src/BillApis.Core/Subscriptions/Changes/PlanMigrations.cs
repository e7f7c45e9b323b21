using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Moves all subscriptions of a plan to one of its versions, a page after the other; safe to repeat, since one that is there is passed over.</summary>
public sealed class PlanMigrations
{
    private readonly SubscriptionChanges _changes;
    private readonly ISubscriptionStore _subscriptions;
    private readonly Plans _plans;
    private readonly IClock _clock;

    internal PlanMigrations(SubscriptionChanges changes, ISubscriptionStore subscriptions, Plans plans, IClock clock) =>
        (_changes, _subscriptions, _plans, _clock) = (changes, subscriptions, plans, clock);

    /// <summary>Moves the subscriptions of one page, newest first, and answers what became of each that is not on the version yet.</summary>
    /// <param name="tenant">Whose plan it is.</param>
    /// <param name="plan">The plan's id or code.</param>
    /// <param name="change">How each is changed; its version null for the newest.</param>
    /// <param name="dryRun">Whether it is only asked what would be billed.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="BillingException">There is no such plan or published version.</exception>
    public async Task<Page<MigratedSubscription>> RunAsync(TenantId tenant, string plan, ChangePlan change, bool dryRun, StoreQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(query);
        var found = await _plans.GetAsync(tenant, plan, cancellationToken).ConfigureAwait(false);
        if ((await _plans.GetAsync(tenant, change.Plan, cancellationToken).ConfigureAwait(false)).Id != found.Id)
        {
            throw BillingException.Field("plan_id", $"must be the plan '{found.Code}' itself: its subscriptions move to another version of it");
        }

        var version = found.Versions.LastOrDefault(item => item.PublishedAt is not null && (change.Version ?? item.Number) == item.Number)
            ?? throw BillingException.Field("plan_version", $"must be a published version of the plan '{found.Code}'");
        var (to, asked) = (new PlanRef(found.Id, version.Number), change with { Version = version.Number });
        await _subscriptions.RefreshAsync(tenant, _clock.GetCurrentInstant(), cancellationToken).ConfigureAwait(false);
        var page = await _subscriptions.ListAsync(tenant, query.With("plan_id", found.Id.ToString()), cancellationToken).ConfigureAwait(false);
        var migrated = new List<MigratedSubscription>();
        foreach (var subscription in page.Items.Where(item => IsBehind(item, to)))
        {
            migrated.Add(await MigrateAsync(tenant, subscription.Id, asked, dryRun, cancellationToken).ConfigureAwait(false));
        }

        return new Page<MigratedSubscription>(migrated, page.Next);
    }

    // One that is over, or will be on the version by what is scheduled, is left alone.
    private bool IsBehind(Subscription subscription, PlanRef to)
    {
        var now = _clock.GetCurrentInstant();
        return subscription.Timeline.StateAt(now).EndedAt is null && subscription.PlanAt(now) is var current && current.Plan == to.Plan && current != to
            && subscription.Timeline.InEffect.LastOrDefault(entry => entry.Kind is TimelineKind.PlanChanged && entry.At > now)?.Plan != to;
    }

    private async Task<MigratedSubscription> MigrateAsync(TenantId tenant, SubscriptionId id, ChangePlan change, bool dryRun, CancellationToken cancellationToken)
    {
        try
        {
            var changed = dryRun
                ? await _changes.PreviewAsync(tenant, id.ToString(), change, cancellationToken).ConfigureAwait(false)
                : await _changes.ApplyAsync(tenant, id.ToString(), change, cancellationToken).ConfigureAwait(false);
            return new MigratedSubscription(id, changed.At, changed.Invoice, null);
        }
        catch (BillingException refusal)
        {
            return new MigratedSubscription(id, null, null, refusal.Message);
        }
    }
}

/// <summary>What became of one subscription of a migration.</summary>
/// <param name="Subscription">The subscription.</param>
/// <param name="At">When it is on the version; null where it is refused.</param>
/// <param name="Invoice">The invoice of that instant, made or previewed; null where nothing is charged.</param>
/// <param name="Refusal">Why it stays where it is; null where it moves.</param>
public sealed record MigratedSubscription(SubscriptionId Subscription, Instant? At, Invoice? Invoice, string? Refusal);
