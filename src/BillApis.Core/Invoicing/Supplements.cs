using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Outbox;
using NodaTime;

namespace BillApis;

/// <summary>Bills late usage that no next invoice will have: a supplementary invoice for each subscription that is over.</summary>
internal sealed class Supplements(
    IUsageStore usage, Recharges recharges, ISubscriptionStore subscriptions, InvoiceIssue issue, OutboxDispatcher outbox, IClock clock)
{
    private const int BatchSize = 200;

    /// <summary>Settles what can be settled now, and leaves what has a next invoice until that is due.</summary>
    public async Task<CycleResult> SettleAsync(TenantId? tenant, CustomerId? customer, CancellationToken cancellationToken)
    {
        var (result, seen) = (new CycleResult(), new HashSet<SubscriptionId>());
        while (true)
        {
            var query = new LateQuery { Tenant = tenant, Customer = customer, At = clock.GetCurrentInstant(), Limit = BatchSize + seen.Count };
            var fresh = (await usage.ListLateAsync(query, cancellationToken).ConfigureAwait(false)).GroupBy(late => (late.Tenant, late.Subscription)).Where(group => seen.Add(group.Key.Subscription)).ToList();
            if (fresh.Count == 0)
            {
                return result;
            }

            foreach (var late in fresh)
            {
                await SettleAsync(late.Key.Tenant, late.Key.Subscription, [.. late], result, cancellationToken).ConfigureAwait(false);
            }

            foreach (var owner in fresh.Select(late => late.Key.Tenant).Distinct())
            {
                await outbox.DispatchAsync(owner, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The supplementary invoice of a subscription that is over; null where nothing has to be corrected.</summary>
    public async Task<Invoice?> DraftAsync(Subscription subscription, CancellationToken cancellationToken) =>
        await CorrectionAsync(subscription, cancellationToken).ConfigureAwait(false) is { } correction && Draft(subscription, correction) is { Lines.IsEmpty: false } draft ? draft : null;

    private async Task SettleAsync(TenantId tenant, SubscriptionId id, IReadOnlyList<LateUsage> late, CycleResult result, CancellationToken cancellationToken)
    {
        var subscription = await subscriptions.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false);
        if (subscription?.NextBillingAt is { } next)
        {
            await usage.PostponeLateAsync(tenant, late, subscription.AutoBillingAt ?? next, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            if (subscription is not null && await CorrectionAsync(subscription, cancellationToken).ConfigureAwait(false) is { } correction)
            {
                await SettleAsync(subscription, correction, result, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is BillingException or OverflowException)
        {
            result.Failures.Add(new RunFailure(id, subscription!.BilledUntil ?? subscription.Timeline.StartAt, exception.Message));
        }
    }

    private async Task SettleAsync(Subscription subscription, Correction correction, CycleResult result, CancellationToken cancellationToken)
    {
        var draft = Draft(subscription, correction);
        if (!draft.Lines.IsEmpty)
        {
            var issued = await issue.IssueAsync(draft.Tenant, [draft], result, cancellationToken).ConfigureAwait(false);
            if (!issued.Stored.ContainsKey(draft.Id))
            {
                // Another correction was faster: the next round works out what is left.
                return;
            }
        }

        await recharges.SettleAsync(subscription.Tenant, subscription.Id, correction, !draft.Lines.IsEmpty, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Correction?> CorrectionAsync(Subscription subscription, CancellationToken cancellationToken) =>
        (await recharges.OfAsync(subscription.Tenant, [subscription], cancellationToken).ConfigureAwait(false)).GetValueOrDefault(subscription.Id);

    private Invoice Draft(Subscription subscription, Correction correction) => InvoiceCalculator.Calculate(new InvoiceRequest
    {
        Tenant = subscription.Tenant,
        Customer = subscription.Customer,
        Subscription = subscription.Id,
        Currency = subscription.Currency,
        Kind = InvoiceKind.Supplementary,
        Boundary = clock.GetCurrentInstant(),
        Sequence = correction.Number,
        Charges = [],
        Recharges = correction.Recharges,
        Correction = correction.Number,
    });
}
