using BillApis.Invoicing;

namespace BillApis;

/// <summary>Bills boundaries as a run does, and stores nothing of it.</summary>
internal sealed class TrialBilling(SubscriptionInvoices drafting, CommonBoundaries common, Settlements settlements)
{
    /// <summary>One boundary of each, the first of each with what has to be corrected; what is billed together is one draft.</summary>
    public async Task<IReadOnlyList<BoundaryDraft>> BillAsync(TenantId tenant, IReadOnlyList<Subscription> due, Trial trial, CancellationToken cancellationToken)
    {
        var all = (await drafting.DueAsync(due, trial.Drafted, cancellationToken).ConfigureAwait(false)).ToLookup(item => trial.Corrected.Add(item.Subscription.Id));
        IReadOnlyList<DueCharges> items = [.. await drafting.CorrectAsync(tenant, [.. all[true]], cancellationToken).ConfigureAwait(false), .. all[false]];
        var drafts = await drafting.DraftsAsync(tenant, items, trial.Drafted, (item, refusal) => trial.Failures.Add((item, refusal)), cancellationToken).ConfigureAwait(false);
        var joined = await common.JoinedAsync(tenant, drafts, cancellationToken).ConfigureAwait(false);
        var settled = await settlements.SettleAsync(tenant, [.. joined.Select(draft => draft.Invoice)], trial.Book, cancellationToken).ConfigureAwait(false);
        var billed = new List<BoundaryDraft>();
        foreach (var (draft, made) in joined.Zip(settled))
        {
            if (made.Failure is null)
            {
                billed.Add(draft with { Invoice = made.Invoice });
                trial.Drafted.AddRange(draft.Dues.Select(item => item.Numbered(made.Invoice.PartOf(item.Subscription.Id))));
            }
            else
            {
                trial.Failures.AddRange(draft.Dues.Select(item => (item, made.Failure)));
            }
        }

        return billed;
    }
}

/// <summary>What was billed on trial, so that what comes after it follows from it.</summary>
/// <param name="Book">The credit that is left.</param>
internal sealed record Trial(CreditBook Book)
{
    /// <summary>The invoices, each subscription's part by itself.</summary>
    public List<Invoice> Drafted { get; } = [];

    /// <summary>Those whose earlier bills are corrected already.</summary>
    public HashSet<SubscriptionId> Corrected { get; } = [];

    /// <summary>What could not be billed, and why.</summary>
    public List<(DueCharges Item, BillingException Failure)> Failures { get; } = [];
}

/// <summary>A subscription as it is after it was billed on trial, and its invoices that are not stored.</summary>
internal sealed record TrialBilled(Subscription Subscription, IReadOnlyList<Invoice> Drafted);
