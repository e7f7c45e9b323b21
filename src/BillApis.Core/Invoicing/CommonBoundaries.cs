using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Finds the subscriptions that are billed together, and puts their drafts onto one invoice.</summary>
internal sealed class CommonBoundaries(ISubscriptionStore subscriptions, IStore<Plan> plans, SubscriptionInvoices drafts)
{
    /// <summary>The subscriptions, and those that are billed together with one of them up to its next boundary, or up to an instant.</summary>
    public async Task<IReadOnlyList<Subscription>> CompletedAsync(TenantId tenant, IReadOnlyList<Subscription> asked, Instant? end, CancellationToken cancellationToken)
    {
        var known = asked.ToDictionary(subscription => subscription.Id);
        foreach (var group in asked.Where(subscription => subscription is { IsConsolidated: true, NextBillingAt: not null }).GroupBy(GroupOf).ToList())
        {
            var until = end ?? group.Max(subscription => subscription.NextBillingAt);
            var query = new StoreQuery { Limit = Limits.PageSize }.With("customer_id", group.Key.Customer.ToString());
            await foreach (var other in subscriptions.AllAsync(tenant, query, cancellationToken).ConfigureAwait(false))
            {
                if (other.IsConsolidated && GroupOf(other) == group.Key && other.NextBillingAt <= until)
                {
                    known.TryAdd(other.Id, other);
                }
            }
        }

        return [.. known.Values];
    }

    /// <summary>A draft together with those of others that it will be billed with, as far as they are billed up to the same boundary; of what is not stored.</summary>
    public async Task<Invoice> JoinedAsync(Invoice own, DueCharges due, CancellationToken cancellationToken)
    {
        if (!due.Subscription.IsConsolidated)
        {
            return own;
        }

        var tenant = due.Subscription.Tenant;
        var others = (await CompletedAsync(tenant, [due.Subscription], null, cancellationToken).ConfigureAwait(false)).Where(other => other.Id != due.Subscription.Id && other.NextBillingAt == due.Boundary).ToList();
        var items = await drafts.CorrectAsync(tenant, await drafts.DueAsync(others, [], cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

        // A run bills the others without one that is refused too.
        var beside = await drafts.DraftsAsync(tenant, items, [], (_, _) => { }, cancellationToken).ConfigureAwait(false);
        return (await JoinedAsync(tenant, [new BoundaryDraft(own, due), .. beside], cancellationToken).ConfigureAwait(false)).Single(draft => draft.Dues.Contains(due)).Invoice;
    }

    /// <summary>Those of the subscriptions that come first: of those that are billed together only the ones with the earliest boundary.</summary>
    public static IReadOnlyList<Subscription> First(IReadOnlyList<Subscription> completed) =>
        [.. completed.Where(subscription => !subscription.IsConsolidated), .. completed.Where(subscription => subscription.IsConsolidated).GroupBy(GroupOf).SelectMany(group => group.Where(subscription => subscription.NextBillingAt == group.Min(item => item.NextBillingAt)))];

    /// <summary>The drafts with those put together that belong onto one invoice, each part with the name of its plan; no invoice has more lines than it may.</summary>
    public async Task<IReadOnlyList<BoundaryDraft>> JoinedAsync(TenantId tenant, IReadOnlyList<BoundaryDraft> drafts, CancellationToken cancellationToken)
    {
        var joined = Joined(drafts);
        var ids = joined.Where(draft => draft.Dues.Length > 1).SelectMany(draft => draft.Dues.SelectMany(due => PlansOf(draft.Invoice, due))).Distinct().ToList();
        if (ids.Count == 0)
        {
            return joined;
        }

        var names = (await plans.FindManyAsync(tenant, [.. ids.Select(id => id.ToString())], cancellationToken).ConfigureAwait(false)).ToDictionary(plan => plan.Id, plan => plan.Name);
        return [.. joined.Select(draft => draft with { Invoice = draft.Invoice with { Sections = [.. draft.Invoice.Sections.Select(section => section with
        {
            Description = string.Join(", ", PlansOf(draft.Invoice, draft.Dues.Single(due => due.Subscription.Id == section.Subscription)).Select(plan => names.GetValueOrDefault(plan) ?? plan.ToString())),
        })] } })];
    }

    // Those that its charges belong to, the earlier first: what was used is charged by the plan before a change, what comes by the one after it.
    private static IEnumerable<PlanId> PlansOf(Invoice invoice, DueCharges due) => invoice.PartOf(due.Subscription.Id).Lines.Where(line => line is { RefersBack: false, Kind: not LineKind.Commitment }).Select(line => line.Period?.Start).OfType<Instant>()
        .DefaultIfEmpty(due.Boundary).Order().Select(at => due.Subscription.PlanAt(at).Plan).Distinct();

    private static IReadOnlyList<BoundaryDraft> Joined(IReadOnlyList<BoundaryDraft> drafts) =>
    [
        .. drafts.Where(draft => !IsJoined(draft)),
        .. drafts.Where(IsJoined).GroupBy(draft => (GroupOf(draft.Dues[0].Subscription), draft.Invoice.CreatedAt)).SelectMany(group => Chunks([.. group.OrderBy(draft => draft.Invoice.Subscription!.Value.ToString(), StringComparer.Ordinal)])
            .Select(chunk => chunk.Count == 1 ? chunk[0] : new BoundaryDraft(Consolidation.Of([.. chunk.Select(draft => draft.Invoice)]), [.. chunk.SelectMany(draft => draft.Dues)]))),
    ];

    private static bool IsJoined(BoundaryDraft draft) => draft is { Invoice.Lines.IsEmpty: false, Dues: [{ Subscription: { IsConsolidated: true, Timeline: var timeline } }] } && !timeline.AwaitsPayment;

    private static IEnumerable<List<BoundaryDraft>> Chunks(IReadOnlyList<BoundaryDraft> drafts)
    {
        var chunk = new List<BoundaryDraft>();
        foreach (var draft in drafts)
        {
            if (chunk.Count > 0 && chunk.Sum(item => item.Invoice.Lines.Length) + draft.Invoice.Lines.Length > Limits.LinesPerInvoice)
            {
                yield return chunk;
                chunk = [];
            }

            chunk.Add(draft);
        }

        yield return chunk;
    }

    /// <summary>What those have in common that may be billed together.</summary>
    public static (CustomerId Customer, Currency Currency) GroupOf(Subscription subscription) => (subscription.Customer, subscription.Currency);
}
