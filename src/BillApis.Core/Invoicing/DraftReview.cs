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
            var subscription = draft.Due!.Subscription;
            result.Held.Add(subscription.Id);
            if (made.Failure is not null)
            {
                result.Failures.Add(new RunFailure(subscription.Id, draft.Due.Boundary, made.Failure.Message));
                continue;
            }

            var (now, fresh) = (clock.GetCurrentInstant(), draft.Invoice.Version == 0);
            var next = policy.Manual ? now + Refresh : Instant.Min(now + Refresh, draft.Due.Boundary + policy.Stay);
            await invoices.SaveAsync(
                tenant,
                new InvoiceWrite(
                    [made.Invoice with { Correction = null }, .. await OutdatedAsync(subscription, made.Invoice.Id, cancellationToken).ConfigureAwait(false)],
                    fresh ? [new BillingEvent("invoice.created", made.Invoice.Id.ToString(), now)] : [])
                {
                    Subscriptions = [subscription with { Draft = made.Invoice.Id, AutoBillingAt = next }],
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    // The draft of a boundary that the subscription has no more.
    private async Task<IReadOnlyList<Invoice>> OutdatedAsync(Subscription subscription, InvoiceId id, CancellationToken cancellationToken) =>
        subscription.Draft is { } old && old != id && await invoices.FindAsync(subscription.Tenant, old.ToString(), cancellationToken).ConfigureAwait(false) is { Status: InvoiceStatus.Draft } draft ? [draft.Cancel()] : [];

    /// <summary>The subscription whose next boundary a draft is kept of; null where it is of none any more.</summary>
    public async Task<Subscription?> OwnerAsync(Invoice draft, CancellationToken cancellationToken) =>
        draft is { Status: InvoiceStatus.Draft, Subscription: { } id } && await subscriptions.FindAsync(draft.Tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { } owner && owner.Draft == draft.Id
            ? owner
            : null;
}

/// <summary>How long drafts stay, and whether they wait for a person.</summary>
internal readonly record struct ReviewPolicy(Duration Stay, bool Manual)
{
    public bool Holds(Instant boundary, Instant at) => Manual || (Stay > Duration.Zero && boundary + Stay > at);
}
