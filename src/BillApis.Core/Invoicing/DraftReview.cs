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

    /// <summary>What was calculated, with what people changed of the drafts that are kept of its subscriptions; those whose place it takes are withdrawn with it.</summary>
    /// <param name="calculated">What was calculated.</param>
    /// <param name="taken">The drafts that others took what people changed from.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<BoundaryDraft> MergedAsync(BoundaryDraft calculated, HashSet<InvoiceId> taken, CancellationToken cancellationToken)
    {
        var (merged, tenant) = (calculated, calculated.Invoice.Tenant);
        foreach (var owner in calculated.Dues.Select(due => due.Subscription))
        {
            if (owner.Draft is { } id && taken.Add(id) && await invoices.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { Status: InvoiceStatus.Draft } kept)
            {
                var edited = merged.Invoice.WithEditsOf(kept);
                merged = id == edited.Id
                    ? merged with { Invoice = edited }
                    : merged with { Invoice = edited with { Version = merged.Invoice.Version }, Outdated = merged.Outdated.Add(Outdated(kept, owner)) };
            }
        }

        // A boundary that is back was withdrawn with its draft before.
        return merged.Invoice.Version == 0 && merged.Dues.Any(due => due.Subscription.Draft is not null)
            && await invoices.FindAsync(tenant, merged.Invoice.Id.ToString(), cancellationToken).ConfigureAwait(false) is { Status: InvoiceStatus.Canceled } before
            ? merged with { Invoice = merged.Invoice with { Version = before.Version } }
            : merged;
    }

    /// <summary>A draft that is withdrawn because the boundary that it would bill is gone: another takes its place among the invoices of the subscription.</summary>
    public static Invoice Outdated(Invoice draft, Subscription owner) => draft.Outdated() with { Sequence = -(int)owner.Version };

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
                    [made.Invoice with { Correction = null, Sections = [.. made.Invoice.Sections.Select(section => section with { Correction = null })] }, .. draft.Outdated],
                    fresh ? [new BillingEvent("invoice.created", made.Invoice.Id.ToString(), now), .. draft.WithdrawnAt(now)] : draft.WithdrawnAt(now))
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
            if (await subscriptions.FindAsync(draft.Tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { } owner && owner.Draft == draft.Id && owner.NextBillingAt == draft.CreatedAt)
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
