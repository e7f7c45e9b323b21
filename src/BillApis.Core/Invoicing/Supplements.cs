using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Outbox;
using NodaTime;

namespace BillApis;

/// <summary>Bills late usage outside of the boundaries: by credit memos and supplementary invoices, where the tenant says so or no next invoice follows.</summary>
internal sealed class Supplements(
    IUsageStore usage, Recharges recharges, ISubscriptionStore subscriptions, IInvoiceStore invoices, InvoiceIssue issue, Settings settings, OutboxDispatcher outbox, IClock clock)
{
    private const int BatchSize = 200;
    private const int MaxAttempts = 8;

    /// <summary>Settles what can be settled now, and leaves what waits for a next invoice until that is due.</summary>
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

    /// <summary>The supplementary invoices that would be issued now, without their credits and taxes.</summary>
    /// <param name="tenant">Of which tenant.</param>
    /// <param name="customer">Of which customer; null for all.</param>
    /// <param name="billed">Subscriptions as they would be by then, whose coupons count.</param>
    /// <param name="result">Takes those that cannot be made.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<BoundaryDraft>> DraftsAsync(TenantId tenant, CustomerId? customer, IReadOnlyDictionary<SubscriptionId, TrialBilled> billed, CycleResult result, CancellationToken cancellationToken)
    {
        var (drafts, policy) = (new List<BoundaryDraft>(), (await settings.RecentAsync(tenant, cancellationToken).ConfigureAwait(false)).LateUsage);
        var query = new LateQuery { Tenant = tenant, Customer = customer, At = clock.GetCurrentInstant(), Limit = int.MaxValue };
        foreach (var id in (await usage.ListLateAsync(query, cancellationToken).ConfigureAwait(false)).Select(late => late.Subscription).Distinct())
        {
            var subscription = await subscriptions.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false);
            subscription = subscription is not null && billed.TryGetValue(id, out var known) ? subscription with { Coupons = known.Subscription.Coupons } : subscription;
            try
            {
                var draft = subscription is not null && (policy is LateUsagePolicy.Invoice || subscription.NextBillingAt is null) ? await OfAsync(subscription, cancellationToken).ConfigureAwait(false) : null;
                drafts.AddRange(draft is null ? [] : [draft]);
            }
            catch (BillingException exception)
            {
                result.Failures.Add(Failure(subscription!, exception));
            }
        }

        return drafts;
    }

    /// <summary>The supplementary invoice of a subscription; null where nothing is owed more.</summary>
    public async Task<Invoice?> DraftAsync(Subscription subscription, CancellationToken cancellationToken) => (await OfAsync(subscription, cancellationToken).ConfigureAwait(false))?.Invoice;

    private async Task<BoundaryDraft?> OfAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        if (await CorrectionAsync(subscription, cancellationToken).ConfigureAwait(false) is not { } correction)
        {
            return null;
        }

        var memos = correction.Memos(subscription.Currency);
        var draft = Draft(subscription, correction.Without(memos), correction.Number + memos.Count);
        return draft.Invoice.Lines.IsEmpty ? null : draft;
    }

    private async Task SettleAsync(TenantId tenant, SubscriptionId id, IReadOnlyList<LateUsage> late, CycleResult result, CancellationToken cancellationToken)
    {
        var subscription = await subscriptions.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false);
        var policy = (await settings.RecentAsync(tenant, cancellationToken).ConfigureAwait(false)).LateUsage;
        var until = policy is LateUsagePolicy.Invoice ? null : subscription?.AutoBillingAt ?? subscription?.NextBillingAt;
        try
        {
            var done = subscription is null || (until is not null && policy is not LateUsagePolicy.CreditMemo);
            for (var attempt = 1; attempt <= MaxAttempts && !done; attempt++)
            {
                done = await CorrectAsync(subscription!, until is not null, result, cancellationToken).ConfigureAwait(false);
                subscription = done ? subscription : await subscriptions.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false);
            }

            if (done && until is { } next)
            {
                await usage.PostponeLateAsync(tenant, late, next, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (BillingException exception)
        {
            result.Failures.Add(Failure(subscription!, exception));
        }
    }

    // Each document takes the next number; false where one is refused: another correction was faster, and what is left has to be worked out anew.
    private async Task<bool> CorrectAsync(Subscription subscription, bool waits, CycleResult result, CancellationToken cancellationToken)
    {
        if (await CorrectionAsync(subscription, cancellationToken).ConfigureAwait(false) is not { } correction)
        {
            return true;
        }

        var (number, now, memos) = (correction.Number, clock.GetCurrentInstant(), correction.Memos(subscription.Currency));
        foreach (var memo in memos)
        {
            if (!await IssueAsync(subscription.Id, memo, number++, now, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        var draft = Draft(subscription, correction.Without(memos), number);
        var invoice = draft.Invoice;
        if (waits && !invoice.Lines.IsEmpty)
        {
            return true;
        }

        var stored = invoice.Lines.IsEmpty || (await issue.IssueAsync(invoice.Tenant, [draft], result, cancellationToken).ConfigureAwait(false)).Stored.ContainsKey(invoice.Id);
        if (stored)
        {
            await recharges.SettleAsync(subscription.Tenant, subscription.Id, correction with { Number = number }, !invoice.Lines.IsEmpty, cancellationToken).ConfigureAwait(false);
        }

        return stored;
    }

    private async Task<bool> IssueAsync(SubscriptionId subscription, LateMemo memo, int number, Instant now, CancellationToken cancellationToken)
    {
        var before = memo.Invoice;
        var id = EntityId.Derive<CreditMemoId>(now, $"{before.Tenant}/{subscription}/{number}");
        var total = memo.Lines.Aggregate(Money.Zero(before.Currency), (sum, line) => sum + line.Gross);
        var (invoice, credit) = before.TakeBack(id, total, now);
        var issued = new CreditMemo
        {
            Id = id,
            Tenant = before.Tenant,
            Customer = before.Customer,
            Invoice = before.Id,
            Subscription = subscription,
            Correction = number,
            Series = before.CreditMemoSeries,
            Currency = before.Currency,
            Lines = memo.Lines,
            Reason = "Usage that was known after the invoice was issued",
            Applied = credit.Applied,
            IssuedAt = now,
            CreatedAt = now,
        };
        var write = CreditMemoWrite.Issued(issued, invoice);
        return await invoices.SaveAsync(before.Tenant, write.Invoice, write.Memo, write.Grants, write.Events, cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
    }

    // A correction has no boundary of its own: it is tried now, in a dry run too.
    private RunFailure Failure(Subscription subscription, Exception exception) => new(subscription.Id, clock.GetCurrentInstant(), exception.Message);

    private async Task<Correction?> CorrectionAsync(Subscription subscription, CancellationToken cancellationToken) =>
        (await recharges.OfAsync(subscription.Tenant, [subscription], areDue: false, cancellationToken).ConfigureAwait(false)).GetValueOrDefault(subscription.Id);

    // What no bill has is on this one first, and so it has the coupons that count; of everything else those of its own bill are counted anew.
    private BoundaryDraft Draft(Subscription subscription, Correction correction, int number)
    {
        var unbilled = correction.Unbilled;
        var draft = InvoiceCalculator.Calculate(new InvoiceRequest
        {
            Tenant = subscription.Tenant,
            Customer = subscription.Customer,
            Subscription = subscription.Id,
            Currency = subscription.Currency,
            Kind = InvoiceKind.Supplementary,
            Boundary = clock.GetCurrentInstant(),
            Sequence = number,
            Charges = [],
            Coupons = unbilled is null ? [] : [.. subscription.CountingCoupons(unbilled.CountsFor, unbilled.End, unbilled.Bills)],
            CountsFor = unbilled?.CountsFor,
            Recharges = correction.Charges,
            Commitments = correction.Commitments,
            Committed = correction.Committed,
            Correction = number,
        });
        return BoundaryDraft.Between(draft, subscription, unbilled?.CountsFor);
    }
}
