using BillApis.Invoicing;
using BillApis.Outbox;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>
/// Bills the next boundary of leased subscriptions. Every step may be the last before a crash: the invoice is stored together with the boundary that it
/// bills, or neither is, and a subscription that was changed meanwhile is billed anew.
/// </summary>
internal sealed class BillingCycle(
    SubscriptionInvoices drafts, CommonBoundaries common, DraftReview review, InvoiceIssue issue, Recharges recharges, ISubscriptionStore subscriptions, OutboxDispatcher outbox, IOptions<BillingOptions> options)
{
    /// <summary>Carries out what happened before, so that subscriptions are as their customers say.</summary>
    public Task CatchUpAsync(TenantId tenant, CancellationToken cancellationToken) => outbox.DispatchAsync(tenant, cancellationToken);

    /// <summary>Carries out what bills cause: their postings above all.</summary>
    public Task CarryOutAsync(TenantId tenant, CancellationToken cancellationToken) => outbox.DispatchCommittedAsync(tenant, cancellationToken);

    /// <summary>Bills one boundary of each, or keeps a draft of it where the tenant wants to look at it first; all of one tenant. What is billed together with one of them is billed with it, and first what is due of it before. What the bills cause is not carried out yet.</summary>
    /// <param name="tenant">Whose they are.</param>
    /// <param name="leased">The subscriptions.</param>
    /// <param name="at">The time.</param>
    /// <param name="automatic">Whether others that are billed together with one are waited for as long as their usage has a grace.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<CycleResult> BillAsync(TenantId tenant, IReadOnlyList<Subscription> leased, Instant at, bool automatic, CancellationToken cancellationToken)
    {
        var (result, policy) = (new CycleResult(), await review.PolicyAsync(tenant, cancellationToken).ConfigureAwait(false));
        await BillAsync(tenant, [.. leased.Where(subscription => !subscription.IsConsolidated)], policy, at, result, cancellationToken).ConfigureAwait(false);
        var tried = new HashSet<(SubscriptionId, Instant?)>();
        for (IReadOnlyList<Subscription> left = [.. leased.Where(subscription => subscription.IsConsolidated)]; left.Count > 0;)
        {
            // One that does not move, because it is refused or kept as a draft, holds up no other.
            var completed = await common.CompletedAsync(tenant, left, null, cancellationToken).ConfigureAwait(false);
            var first = CommonBoundaries.First([.. completed.Where(subscription => !tried.Contains((subscription.Id, subscription.NextBillingAt)))]);
            var waiting = automatic ? await WaitAsync(tenant, left, first, at, cancellationToken).ConfigureAwait(false) : [];
            tried.UnionWith(first.Select(subscription => (subscription.Id, subscription.NextBillingAt)));
            await BillAsync(tenant, [.. first.Where(subscription => !waiting.Contains(CommonBoundaries.GroupOf(subscription)))], policy, at, result, cancellationToken).ConfigureAwait(false);
            left = [.. left.ExceptBy(first.Select(subscription => subscription.Id), subscription => subscription.Id).Where(subscription => !waiting.Contains(CommonBoundaries.GroupOf(subscription)))];
        }

        return result;
    }

    /// <summary>Bills the next boundary of subscriptions of a tenant, billed together, whatever the tenant's settings say: someone looked at its draft.</summary>
    public async Task<CycleResult> ApproveAsync(IReadOnlyList<Subscription> owners, CancellationToken cancellationToken)
    {
        var (result, tenant) = (new CycleResult(), owners[0].Tenant);
        await BillAsync(tenant, await drafts.DueAsync(owners, [], cancellationToken).ConfigureAwait(false), result, cancellationToken).ConfigureAwait(false);
        await outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
        return result;
    }

    private async Task BillAsync(TenantId tenant, IReadOnlyList<Subscription> leased, ReviewPolicy policy, Instant at, CycleResult result, CancellationToken cancellationToken)
    {
        var due = (await drafts.DueAsync(leased, [], cancellationToken).ConfigureAwait(false)).ToLookup(item => policy.Holds(item.Boundary, at));
        if (due[true].Any())
        {
            var drafted = await DraftAsync(tenant, [.. due[true]], result, cancellationToken).ConfigureAwait(false);
            await review.KeepAsync(tenant, [.. drafted.Where(draft => !draft.Invoice.Lines.IsEmpty)], policy, result, cancellationToken).ConfigureAwait(false);

            // Of nothing there is no draft to look at.
            due = due[false].Concat(drafted.Where(draft => draft.Invoice.Lines.IsEmpty).SelectMany(draft => draft.Dues)).ToLookup(_ => false);
        }

        await BillAsync(tenant, [.. due[false]], result, cancellationToken).ConfigureAwait(false);
    }

    // Those that are billed together wait for the last of them whose usage has a grace still.
    private async Task<HashSet<(CustomerId, Currency)>> WaitAsync(TenantId tenant, IReadOnlyList<Subscription> leased, IReadOnlyList<Subscription> first, Instant at, CancellationToken cancellationToken)
    {
        var late = first.Where(subscription => subscription.AutoBillingAt > at).GroupBy(CommonBoundaries.GroupOf).ToDictionary(group => group.Key, group => group.Max(subscription => subscription.AutoBillingAt));
        foreach (var subscription in leased.Where(subscription => late.ContainsKey(CommonBoundaries.GroupOf(subscription))))
        {
            await subscriptions.SaveAsync(tenant, [subscription with { AutoBillingAt = late[CommonBoundaries.GroupOf(subscription)] }], [], cancellationToken).ConfigureAwait(false);
        }

        return [.. late.Keys];
    }

    private async Task BillAsync(TenantId tenant, IReadOnlyList<DueCharges> due, CycleResult result, CancellationToken cancellationToken)
    {
        await drafts.CloseAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        var drafted = await DraftAsync(tenant, due, result, cancellationToken).ConfigureAwait(false);
        var issued = await issue.IssueAsync(tenant, [.. drafted.Where(draft => !draft.Invoice.Lines.IsEmpty)], result, cancellationToken).ConfigureAwait(false);
        var made = result.Invoices.ToHashSet();
        await AdvanceAsync(tenant, [.. drafted.Where(draft => !made.Contains(draft.Invoice.Id)).SelectMany(draft => draft.Dues.Select(item => (item, draft.Invoice)))], issued, cancellationToken).ConfigureAwait(false);
        await SettleAsync(tenant, [.. drafted.Where(draft => draft.Invoice.Lines.IsEmpty || issued.Stored.ContainsKey(draft.Invoice.Id)).SelectMany(draft => draft.Dues.Select(item => (item, draft.Invoice)))], result, cancellationToken).ConfigureAwait(false);
        var overtaken = issued.Overtaken.SelectMany(draft => draft.Dues).Select(item => item.Subscription.Id).ToHashSet();
        if (overtaken.Count > 0)
        {
            await BillAsync(tenant, [.. due.Where(item => overtaken.Contains(item.Subscription.Id))], result, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<List<BoundaryDraft>> DraftAsync(TenantId tenant, IReadOnlyList<DueCharges> due, CycleResult result, CancellationToken cancellationToken)
    {
        var corrected = await drafts.CorrectAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        var calculated = await drafts.DraftsAsync(tenant, corrected, [], (item, refusal) => result.Failures.Add(new RunFailure(item.Subscription.Id, item.Boundary, refusal.Message)), cancellationToken).ConfigureAwait(false);
        var (drafted, taken) = (new List<BoundaryDraft>(calculated.Count), new HashSet<InvoiceId>());
        foreach (var draft in await common.JoinedAsync(tenant, calculated, cancellationToken).ConfigureAwait(false))
        {
            drafted.Add(await review.MergedAsync(draft, taken, cancellationToken).ConfigureAwait(false));
        }

        return drafted;
    }

    // An invoice that another run stored says nothing about this correction: its marks stay.
    private async Task SettleAsync(TenantId tenant, IReadOnlyList<(DueCharges Item, Invoice Invoice)> billed, CycleResult result, CancellationToken cancellationToken)
    {
        foreach (var (item, invoice) in billed.Where(pair => pair.Item.Correction is not null))
        {
            var stored = invoice.PartOf(item.Subscription.Id).Correction is not null;
            if (!stored || result.Invoices.Contains(invoice.Id))
            {
                await recharges.SettleAsync(tenant, item.Subscription.Id, item.Correction!, stored, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Where nothing is charged, or the invoice was stored before. One that was changed meanwhile stays due.
    private async Task AdvanceAsync(TenantId tenant, IReadOnlyList<(DueCharges Item, Invoice Draft)> passed, IssuedInvoices issued, CancellationToken cancellationToken)
    {
        var advanced = passed.Where(pair => pair.Draft.Lines.IsEmpty || issued.Stored.ContainsKey(pair.Draft.Id))
            .Select(pair => (pair.Item.Subscription, pair.Item.Billed(options.Value, issued.Stored.GetValueOrDefault(pair.Draft.Id)))).ToList();
        if (advanced.Count == 0 || await review.PassAsync(tenant, advanced, cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
        {
            return;
        }

        foreach (var one in advanced)
        {
            await review.PassAsync(tenant, [one], cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>What one batch of a run did.</summary>
internal sealed record CycleResult
{
    public List<InvoiceId> Invoices { get; } = [];

    /// <summary>What the invoices come to, by currency.</summary>
    public Dictionary<Currency, Money> Totals { get; } = [];

    public List<RunFailure> Failures { get; } = [];

    /// <summary>The subscriptions whose drafts are looked at first.</summary>
    public List<SubscriptionId> Held { get; } = [];

    public void Add(Invoice invoice)
    {
        Invoices.Add(invoice.Id);
        Totals[invoice.Currency] = Totals.GetValueOrDefault(invoice.Currency, Money.Zero(invoice.Currency)) + invoice.Total;
    }
}
