using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Keeps what a boundary would be billed as a draft, for as long as the tenant wants to look at it. The boundary stays due, so that usage counts still and each look makes the draft anew.</summary>
internal sealed class DraftReview(IInvoiceStore invoices, ISubscriptionStore subscriptions, Settlements settlements, Settings settings, IClock clock)
{
    private static readonly Duration Refresh = Duration.FromHours(1);

    /// <summary>What the tenant wants.</summary>
    public async Task<ReviewPolicy> PolicyAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var chosen = await settings.RecentAsync(tenant, cancellationToken).ConfigureAwait(false);
        return new ReviewPolicy(Duration.FromHours(chosen.DraftHours), chosen.InvoiceApproval is InvoiceApproval.Manual);
    }

    /// <summary>What was calculated, with what people changed of the draft that is kept of it.</summary>
    public async Task<Invoice> MergedAsync(Invoice calculated, Subscription subscription, CancellationToken cancellationToken) =>
        subscription.Draft == calculated.Id && await invoices.FindAsync(subscription.Tenant, calculated.Id.ToString(), cancellationToken).ConfigureAwait(false) is { Status: InvoiceStatus.Draft } kept
            ? calculated.WithEditsOf(kept)
            : calculated;

    /// <summary>Stores drafts, or what became of them; one that someone changes at the same time is left to the next look.</summary>
    public async Task KeepAsync(TenantId tenant, IReadOnlyList<BoundaryDraft> drafts, ReviewPolicy policy, CycleResult result, CancellationToken cancellationToken)
    {
        var settled = await settlements.SettleAsync(tenant, [.. drafts.Select(draft => draft.Invoice)], settlements.NewBook(), cancellationToken).ConfigureAwait(false);
        foreach (var (draft, made) in drafts.Zip(settled))
        {
            result.Held.AddRange(draft.Dues.Select(due => due.Subscription.Id));
            if (made.Failure is not null)
            {
                result.Failures.AddRange(draft.Dues.Select(due => new RunFailure(due.Subscription.Id, due.Boundary, made.Failure.Message)));
                continue;
            }

            var (now, fresh) = (clock.GetCurrentInstant(), draft.Invoice.Version == 0);
            var next = policy.Manual ? now + Refresh : Instant.Min(now + Refresh, draft.Dues[0].Boundary + policy.Stay);
            await invoices.SaveAsync(
                tenant,
                new InvoiceWrite(
                    [made.Invoice with { Correction = null, Sections = [.. made.Invoice.Sections.Select(section => section with { Correction = null })] }, .. (await OutdatedAsync(draft, cancellationToken).ConfigureAwait(false)).Select(old => old.Outdated())],
                    fresh ? [new BillingEvent("invoice.created", made.Invoice.Id.ToString(), now)] : [])
                {
                    Subscriptions = [.. draft.Dues.Select(due => due.Subscription with { Draft = made.Invoice.Id, AutoBillingAt = next })],
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Stores what passed a boundary that another invoice bills, or none; a draft of it that is kept still is withdrawn in the same transaction, since nobody will make it anew.</summary>
    public async Task<SaveResult> PassAsync(TenantId tenant, IReadOnlyList<(Subscription Before, Subscription After)> passed, CancellationToken cancellationToken)
    {
        IReadOnlyList<Subscription> after = [.. passed.Select(item => item.After)];
        var ids = after.Select(subscription => subscription.Id).ToHashSet();
        var kept = (await KeptAsync(tenant, passed.Select(item => item.Before.Draft), cancellationToken).ConfigureAwait(false)).FindAll(draft => draft.Subscriptions().All(ids.Contains));
        return kept.Count == 0
            ? await subscriptions.SaveAsync(tenant, after, [], cancellationToken).ConfigureAwait(false)
            : await invoices.SaveAsync(tenant, new InvoiceWrite([.. kept.Select(draft => draft.Outdated())], [.. kept.SelectMany(draft => InvoicePosting.Canceled(draft, draft.Outdated(), clock.GetCurrentInstant()))]) { Subscriptions = after }, cancellationToken).ConfigureAwait(false);
    }

    // The drafts of boundaries that the subscriptions have no more.
    private async Task<List<Invoice>> OutdatedAsync(BoundaryDraft made, CancellationToken cancellationToken) =>
        (await KeptAsync(made.Invoice.Tenant, made.Dues.Select(due => due.Subscription.Draft), cancellationToken).ConfigureAwait(false)).FindAll(old => old.Id != made.Invoice.Id);

    private async Task<List<Invoice>> KeptAsync(TenantId tenant, IEnumerable<InvoiceId?> drafts, CancellationToken cancellationToken)
    {
        var kept = new List<Invoice>();
        foreach (var id in drafts.OfType<InvoiceId>().Distinct())
        {
            if (await invoices.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { Status: InvoiceStatus.Draft } draft)
            {
                kept.Add(draft);
            }
        }

        return kept;
    }

    /// <summary>The subscriptions whose next boundaries a draft is kept of; none where it is of none any more.</summary>
    public async Task<IReadOnlyList<Subscription>> OwnersAsync(Invoice draft, CancellationToken cancellationToken)
    {
        var owners = new List<Subscription>();
        foreach (var id in draft.Status is InvoiceStatus.Draft ? draft.Subscriptions() : [])
        {
            if (await subscriptions.FindAsync(draft.Tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { } owner && owner.Draft == draft.Id)
            {
                owners.Add(owner);
            }
        }

        return owners;
    }
}

/// <summary>How long drafts stay, and whether they wait for a person.</summary>
internal readonly record struct ReviewPolicy(Duration Stay, bool Manual)
{
    public bool Holds(Instant boundary, Instant at) => Manual || (Stay > Duration.Zero && boundary + Stay > at);
}
