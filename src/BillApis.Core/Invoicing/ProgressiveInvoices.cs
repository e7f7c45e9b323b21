using System.Runtime.CompilerServices;
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
        var result = new CycleResult();
        await foreach (var page in PagesAsync(new DueQuery(at, tenant, customer), cancellationToken).ConfigureAwait(false))
        {
            foreach (var subscription in page)
            {
                await OfAsync(subscription, [], at, result, draft => issue.IssueAsync(draft.Invoice.Tenant, [draft], result, cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            foreach (var owner in page.Select(subscription => subscription.Tenant).Distinct())
            {
                await outbox.DispatchAsync(owner, cancellationToken).ConfigureAwait(false);
            }
        }

        return result;
    }

    /// <summary>The invoices that would be issued at an instant, without their credits and taxes.</summary>
    /// <param name="tenant">Of which tenant.</param>
    /// <param name="customer">Of which customer; null for all.</param>
    /// <param name="at">When.</param>
    /// <param name="billed">Subscriptions as they would be by then, and their invoices that are not stored, where boundaries are due before.</param>
    /// <param name="result">Takes those that cannot be billed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<Invoice>> DraftsAsync(
        TenantId tenant, CustomerId? customer, Instant at, IReadOnlyDictionary<SubscriptionId, TrialBilled> billed, CycleResult result, CancellationToken cancellationToken)
    {
        var drafts = new List<Invoice>();
        await foreach (var page in PagesAsync(new DueQuery(at, tenant, customer), cancellationToken).ConfigureAwait(false))
        {
            foreach (var subscription in page)
            {
                var (current, before) = billed.GetValueOrDefault(subscription.Id) ?? new TrialBilled(subscription, []);
                await OfAsync(current, before, at, result, Keep, cancellationToken).ConfigureAwait(false);
            }
        }

        return drafts;

        Task Keep(BoundaryDraft draft)
        {
            drafts.Add(draft.Invoice);
            return Task.CompletedTask;
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<Subscription>> PagesAsync(DueQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<Subscription> page = [];
        do
        {
            page = await subscriptions.ListWatchedAsync(query, page.Count == 0 ? null : page[^1].Id, BatchSize, cancellationToken).ConfigureAwait(false);
            yield return page;
        }
        while (page.Count == BatchSize);
    }

    private async Task OfAsync(Subscription subscription, IReadOnlyList<Invoice> drafted, Instant at, CycleResult result, Func<BoundaryDraft, Task> take, CancellationToken cancellationToken)
    {
        try
        {
            if (await DraftAsync(subscription, drafted, at, cancellationToken).ConfigureAwait(false) is { } draft)
            {
                await take(draft).ConfigureAwait(false);
            }
        }
        catch (BillingException exception)
        {
            result.Failures.Add(new RunFailure(subscription.Id, at, exception.Message));
        }
    }

    // First the number, then what was billed, then what was used: what comes in between has taken the number.
    private async Task<BoundaryDraft?> DraftAsync(Subscription subscription, IReadOnlyList<Invoice> drafted, Instant at, CancellationToken cancellationToken)
    {
        var versions = await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false);
        var schedule = ChargeSchedule.Of(subscription.Timeline, versions);
        var threshold = subscription.UsageThreshold ?? schedule.PlanAt(at).UsageThreshold;
        var charges = schedule.InForceAt(at).Where(charge => charge.Price is { Metric: not null, Terms.Timing: BillingTiming.InArrears }).Select(SoFar).ToList();
        if (threshold is null || charges.Count == 0 || !(subscription.NextBillingAt > at))
        {
            return null;
        }

        var period = schedule.CountsFor(charges.Select(charge => charge.Period.Start), at);
        var numbers = await earlier.NextNumbersAsync(subscription.Tenant, [subscription.Id], cancellationToken).ConfigureAwait(false);
        var bills = await earlier.BoundAsync(subscription, numbers[subscription.Id], charges.Min(charge => charge.Period.Start), [], drafted, cancellationToken).ConfigureAwait(false);
        var early = bills.EarlyOf(charges, subscription);
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
            Recharges = [.. charges.Zip(used, (charge, input) => new Recharge(charge, input, bills.Of(charge)) { Word = "usage so far", Early = early })],
            Correction = bills.Number,
            Coupons = [.. subscription.CountingCoupons(period, at)],
            CountsFor = period,
            IsWithin = true,
        });
        return draft.Subtotal < threshold ? null : BoundaryDraft.Between(draft, subscription, period);
    }

    // What is missing up to a minimum is known at the end only.
    private static Charge SoFar(Charge charge) => charge with { Price = charge.Price with { Terms = charge.Price.Terms with { MinimumAmount = null } } };
}
