using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Suspends what a spend limit says, and lets it go on once none says so any more.</summary>
internal sealed class SpendSuspension(SubscriptionChanges changes)
{
    /// <summary>Brings a customer's subscriptions to what its limits say at an instant.</summary>
    public async Task ApplyAsync(IEnumerable<Subscription> subscriptions, IEnumerable<SpendLimit> limits, Instant now, CancellationToken cancellationToken)
    {
        var reached = limits.Where(limit => limit.Acts(SpendAction.Suspend, now)).ToList();
        foreach (var subscription in subscriptions)
        {
            var stops = reached.Any(limit => limit.Subscription is { } only ? only == subscription.Id : limit.Monthly.Currency == subscription.Currency);
            var isStopped = subscription.Timeline.StateAt(now).Causes.Contains(SuspensionCause.SpendLimit);
            if (isStopped != stops && (isStopped || IsInUse(subscription.StatusAt(now))))
            {
                SubscriptionChange change = stops ? new Suspend(SuspensionCause.SpendLimit) : new Reinstate(SuspensionCause.SpendLimit);
                await ChangeAsync(subscription, change, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool IsInUse(SubscriptionStatus status) => status is SubscriptionStatus.Active or SubscriptionStatus.Trialing or SubscriptionStatus.PastDue or SubscriptionStatus.Suspended;

    private async Task ChangeAsync(Subscription subscription, SubscriptionChange change, CancellationToken cancellationToken)
    {
        try
        {
            await changes.ApplyAsync(subscription.Tenant, subscription.Id.ToString(), change, cancellationToken).ConfigureAwait(false);
        }
        catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Conflict)
        {
            // It ended or was paused meanwhile, and is left as it is.
        }
    }
}
