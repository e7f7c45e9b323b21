using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Outbox;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Bills usage before its period ends once what is unbilled of it reaches the subscription's threshold; the bill of the period's end has the rest.</summary>
internal sealed class ProgressiveInvoices(
    ISubscriptionStore subscriptions, EarlierBills earlier, Plans plans, ChargedUsageReader usage, InvoiceIssue issue, OutboxDispatcher outbox)
{
    private const int BatchSize = 200;

    /// <summary>Bills every subscription whose threshold is reached in the period of an instant; of several nodes that do the same only one gets the number that all of them want.</summary>
    public async Task<CycleResult> BillAsync(TenantId? tenant, CustomerId? customer, Instant at, CancellationToken cancellationToken)
    {
        var (result, query) = (new CycleResult(), new DueQuery(at, tenant, customer));
        for (SubscriptionId? after = null; ;)
        {
            var page = await subscriptions.ListWatchedAsync(query, after, BatchSize, cancellationToken).ConfigureAwait(false);
            foreach (var subscription in page)
            {
                await BillAsync(subscription, at, result, cancellationToken).ConfigureAwait(false);
            }

            foreach (var owner in page.Select(subscription => subscription.Tenant).Distinct())
            {
                await outbox.DispatchAsync(owner, cancellationToken).ConfigureAwait(false);
            }

            if (page.Count < BatchSize)
            {
                return result;
            }

            after = page[^1].Id;
        }
    }

    private async Task BillAsync(Subscription subscription, Instant at, CycleResult result, CancellationToken cancellationToken)
    {
        try
        {
            if (await DraftAsync(subscription, at, cancellationToken).ConfigureAwait(false) is { } draft)
            {
                await issue.IssueAsync(subscription.Tenant, [new BoundaryDraft(draft)], result, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is BillingException or OverflowException)
        {
            result.Failures.Add(new RunFailure(subscription.Id, at, exception.Message));
        }
    }

    // First the number, then what was billed, then what was used: what comes in between has taken the number.
    private async Task<Invoice?> DraftAsync(Subscription subscription, Instant at, CancellationToken cancellationToken)
    {
        var versions = await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false);
        var schedule = ChargeSchedule.Of(subscription.Timeline, versions);
        var threshold = subscription.UsageThreshold ?? schedule.PlanAt(at).UsageThreshold;
        var charges = schedule.InForceAt(at).Where(charge => charge.Price is { Metric: not null, Terms.Timing: BillingTiming.InArrears }).Select(SoFar).ToList();
        if (threshold is null || charges.Count == 0 || !(subscription.NextBillingAt > at))
        {
            return null;
        }

        var numbers = await earlier.NextNumbersAsync(subscription.Tenant, [subscription.Id], cancellationToken).ConfigureAwait(false);
        var bills = new BoundBills(numbers[subscription.Id], await earlier.LinesAsync(subscription, charges.Min(charge => charge.Period.Start), cancellationToken).ConfigureAwait(false));
        var asked = await usage.RequestsAsync(subscription.Tenant, [.. charges.Select(charge => (charge, subscription))], cancellationToken).ConfigureAwait(false);
        var used = await usage.ReadAsync(subscription.Tenant, asked, cancellationToken).ConfigureAwait(false);
        var draft = InvoiceCalculator.Calculate(new InvoiceRequest
        {
            Tenant = subscription.Tenant,
            Customer = subscription.Customer,
            Subscription = subscription.Id,
            Currency = subscription.Currency,
            Kind = InvoiceKind.Progressive,
            Boundary = at,
            Sequence = bills.Number,
            Charges = [],
            Recharges = [.. charges.Zip(used, (charge, input) => new Recharge(charge, input, bills.Of(charge)) { Word = "usage so far" })],
            Correction = bills.Number,

            // A percentage is the same however often it is taken; an amount off is the final bill's.
            Coupons = [.. subscription.CountingCoupons(schedule.CountsFor(charges.Select(charge => charge.Period.Start), at), at).Where(redemption => redemption.Terms.PercentOff is not null)],
        });
        return draft.Subtotal >= threshold ? draft : null;
    }

    // What is missing up to a minimum is known at the end only.
    private static Charge SoFar(Charge charge) => charge with { Price = charge.Price with { Terms = charge.Price.Terms with { MinimumAmount = null } } };
}
