using System.Text.Json;
using BillApis.Invoicing;
using BillApis.Outbox;
using BillApis.Storage;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Changes subscriptions, and bills a change at once where everything before it is billed.</summary>
public sealed class SubscriptionChanges
{
    private const string Kind = "subscription";
    private const int MaxAttempts = 16;
    private readonly ISubscriptionStore _store;
    private readonly Plans _plans;
    private readonly Prices _prices;
    private readonly OpenPeriods _periods;
    private readonly BillingCycle _cycle;
    private readonly ChangePreview _preview;
    private readonly IInvoiceStore _invoices;
    private readonly OutboxDispatcher _outbox;
    private readonly IOptions<BillingOptions> _options;
    private readonly IClock _clock;

    internal SubscriptionChanges(
        ISubscriptionStore store, Plans plans, Prices prices, OpenPeriods periods, BillingCycle cycle, ChangePreview preview, IInvoiceStore invoices, OutboxDispatcher outbox, IOptions<BillingOptions> options, IClock clock) =>
        (_store, _plans, _prices, _periods, _cycle, _preview, _invoices, _outbox, _options, _clock) = (store, plans, prices, periods, cycle, preview, invoices, outbox, options, clock);

    /// <summary>Changes a subscription; of two changes at once each finds what the other made of it.</summary>
    /// <exception cref="BillingException">There is none such, its status does not allow the change, or a field breaks a rule.</exception>
    public async Task<SubscriptionChanged> ApplyAsync(TenantId tenant, string id, SubscriptionChange change, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var before = await _store.GetAsync(tenant, Kind, id, cancellationToken).ConfigureAwait(false);
            var changed = await ChangedAsync(before, change, cancellationToken).ConfigureAwait(false);
            if (changed.After.Timeline.Entries.Length == before.Timeline.Entries.Length)
            {
                return new SubscriptionChanged(before, changed.At, null);
            }

            var entries = changed.After.Timeline.Entries[before.Timeline.Entries.Length..];
            var events = entries.Select(entry => new BillingEvent($"subscription.{JsonNamingPolicy.SnakeCaseLower.ConvertName(entry.Kind.ToString())}", before.Id.ToString(), entry.RecordedAt)).ToList();
            if (await _store.SaveAsync(tenant, [changed.After], events, cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return await BilledAsync(changed.After.WithVersion(before.Version + 1), changed, cancellationToken).ConfigureAwait(false);
            }
        }

        throw BillingException.Changed(Kind, id);
    }

    /// <summary>What a change would make of a subscription, and the invoice of the instant at which it takes effect; nothing is stored.</summary>
    /// <exception cref="BillingException">There is none such, its status does not allow the change, or a field breaks a rule.</exception>
    public async Task<SubscriptionChanged> PreviewAsync(TenantId tenant, string id, SubscriptionChange change, CancellationToken cancellationToken = default)
    {
        var changed = await ChangedAsync(await _store.GetAsync(tenant, Kind, id, cancellationToken).ConfigureAwait(false), change, cancellationToken).ConfigureAwait(false);
        return new SubscriptionChanged(changed.After, changed.At, await _preview.InvoiceAsync(changed.After, changed.At, cancellationToken).ConfigureAwait(false));
    }

    private async Task<SubscriptionChanged> BilledAsync(Subscription after, Change changed, CancellationToken cancellationToken)
    {
        await _periods.OpenAsync(after, cancellationToken).ConfigureAwait(false);
        if (after.NextBillingAt != changed.At || changed.At > changed.Now)
        {
            await _outbox.DispatchAsync(after.Tenant, cancellationToken).ConfigureAwait(false);
            return new SubscriptionChanged(after, changed.At, null);
        }

        var billed = await _cycle.BillAsync(after.Tenant, [after], changed.Now, automatic: false, cancellationToken).ConfigureAwait(false);
        await _cycle.CarryOutAsync(after.Tenant, cancellationToken).ConfigureAwait(false);
        // What is billed together with it may have been billed before it.
        var issued = await _invoices.FindManyAsync(after.Tenant, [.. billed.Invoices.Select(id => id.ToString())], cancellationToken).ConfigureAwait(false);
        var invoice = issued.SingleOrDefault(item => item.CreatedAt == changed.At && item.Subscriptions().Contains(after.Id));
        return new SubscriptionChanged(await _store.GetAsync(after.Tenant, Kind, after.Id.ToString(), cancellationToken).ConfigureAwait(false), changed.At, invoice);
    }

    private async Task<Change> ChangedAsync(Subscription before, SubscriptionChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        change = change.ToStored();
        var now = before.RecordsAt(_clock);
        var context = await ContextAsync(before, change, now, cancellationToken).ConfigureAwait(false);
        var entries = ChangeEntries.Of(change, context);
        Check.Range("entries", before.Timeline.Entries.Length + entries.Count, 0, Limits.EntriesPerSubscription);
        var after = entries.Aggregate(before, (subscription, entry) => subscription.Record(entry, context.Versions, _options.Value));

        // What is withdrawn on the way is withdrawn now, whenever the change itself takes effect.
        var made = entries.Where(entry => entry.Kind is not TimelineKind.Withdrawn).Select(entry => entry.At).DefaultIfEmpty(now).Max();
        return new Change(after with { CanceledAt = CanceledAt(after) }, made, now);
    }

    private async Task<ChangeContext> ContextAsync(Subscription subscription, SubscriptionChange change, Instant now, CancellationToken cancellationToken)
    {
        var versions = await _plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false);
        switch (change)
        {
            case ChangePlan asked:
                var target = await TargetAsync(subscription, asked, now, cancellationToken).ConfigureAwait(false);
                var later = versions.Later.SetItem(new(target.Plan.Id, target.Version.Number), target.Version);
                return new ChangeContext(subscription, versions with { Later = later }, now, target);
            case AddAddOn asked:
                var price = await _prices.GetAsync(subscription.Tenant, asked.Price, cancellationToken).ConfigureAwait(false);
                return price.ArchivedAt is null
                    ? new ChangeContext(subscription, versions, now, AddOn: price with { Terms = price.Terms.In(subscription.Currency) })
                    : throw new BillingException(BillingErrorCode.Conflict, $"The price '{price.Code}' is archived and cannot be added.");
            default:
                return new ChangeContext(subscription, versions, now);
        }
    }

    private async Task<PlanTarget> TargetAsync(Subscription subscription, ChangePlan asked, Instant now, CancellationToken cancellationToken)
    {
        var plan = await _plans.GetAsync(subscription.Tenant, asked.Plan, cancellationToken).ConfigureAwait(false);
        var version = asked.Version is { } number ? plan.Versions.FirstOrDefault(item => item.Number == number && item.PublishedAt is not null) : plan.Published;
        if (version is null || plan.ArchivedAt is not null)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The plan '{plan.Code}' {(version is null ? "has no such published version" : "is archived")} and cannot be changed to.");
        }

        return version.Items.All(item => item.Price.Terms.Currencies.Contains(subscription.Currency))
            ? new PlanTarget(await _plans.GetAsync(subscription.Tenant, subscription.PlanAt(now).Plan.ToString(), cancellationToken).ConfigureAwait(false), plan, version.In(subscription.Currency))
            : throw BillingException.Field("plan_id", $"must be in {subscription.Currency}: not every price of the plan '{plan.Code}' has amounts in it");
    }

    private static Instant? CanceledAt(Subscription subscription)
    {
        var last = subscription.Timeline.InEffect.LastOrDefault(entry => entry.Kind is TimelineKind.Canceled or TimelineKind.Reactivated);
        return last is null ? subscription.Timeline.Entries.Any(entry => entry.Kind is TimelineKind.Canceled) ? null : subscription.CanceledAt
            : last.Kind is TimelineKind.Canceled ? last.RecordedAt : null;
    }

    private sealed record Change(Subscription After, Instant At, Instant Now);
}

/// <summary>What a change made of a subscription.</summary>
/// <param name="Subscription">The subscription.</param>
/// <param name="At">When the change takes effect.</param>
/// <param name="Invoice">The invoice of that instant, where it is billed; null where it is not yet, or nothing is charged.</param>
public sealed record SubscriptionChanged(Subscription Subscription, Instant At, Invoice? Invoice);
