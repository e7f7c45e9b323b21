using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Finds billed charges whose usage changed since, with what was billed for them and what was used.</summary>
/// <remarks>
/// The order of reading matters: first what is marked and the number that the correction will take, then what was billed, then what was used. What comes
/// in between is either read, or keeps its mark, or has taken the number.
/// </remarks>
internal sealed class Recharges(IUsageStore late, IInvoiceStore invoices, ChargedUsageReader usage, Plans plans)
{
    /// <summary>What has to be corrected of these subscriptions, all of one tenant; only what was billed counts, not what is being billed.</summary>
    public async Task<IReadOnlyDictionary<SubscriptionId, Correction>> OfAsync(TenantId tenant, IReadOnlyList<Subscription> subscriptions, CancellationToken cancellationToken)
    {
        var found = new Dictionary<SubscriptionId, Correction>();
        if (subscriptions.Count == 0)
        {
            return found;
        }

        var marks = await late.ListLateAsync(new LateQuery { Tenant = tenant, Subscriptions = [.. subscriptions.Select(item => item.Id)], Limit = int.MaxValue }, cancellationToken).ConfigureAwait(false);
        if (marks.Count == 0)
        {
            return found;
        }

        var numbers = await invoices.CountCorrectionsAsync(tenant, [.. marks.Select(mark => mark.Subscription).Distinct()], cancellationToken).ConfigureAwait(false);
        foreach (var subscription in subscriptions.Where(item => numbers.ContainsKey(item.Id)))
        {
            found[subscription.Id] = await OfAsync(subscription, [.. marks.Where(mark => mark.Subscription == subscription.Id)], numbers[subscription.Id] + 1, cancellationToken).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>Forgets the marks of a correction that was stored, or that came to nothing; where another correction was faster they stay for the next.</summary>
    public async Task SettleAsync(TenantId tenant, SubscriptionId subscription, Correction correction, bool stored, CancellationToken cancellationToken)
    {
        // A correction of nothing takes a number too: it was worked out from bills that another may be correcting right now.
        if (correction.Late.Length > 0 && (stored || await invoices.TakeCorrectionAsync(tenant, subscription, correction.Number, cancellationToken).ConfigureAwait(false)))
        {
            await late.SettleLateAsync(tenant, correction.Late, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Correction> OfAsync(Subscription subscription, ImmutableArray<LateUsage> marks, int number, CancellationToken cancellationToken)
    {
        var billedUntil = subscription.BilledUntil ?? Instant.MinValue;
        var plan = await plans.VersionAsync(subscription.Tenant, subscription.Plan, subscription.PlanVersion, cancellationToken).ConfigureAwait(false);
        var charges = marks.SelectMany(mark => BilledCharges.Of(plan, subscription.Timeline, mark.Metric, mark.First, mark.Last, billedUntil)).ToList();
        var asked = new List<(Charge Charge, UsageRequest Request)>(charges.Count);
        foreach (var charge in charges)
        {
            asked.Add((charge, await usage.RequestAsync(subscription.Tenant, charge, subscription.Customer, subscription.Id, cancellationToken).ConfigureAwait(false)));
        }

        var billed = charges.Count == 0 ? [] : await LinesAsync(subscription, charges.Min(charge => charge.Period.Start), cancellationToken).ConfigureAwait(false);
        var used = charges.Count == 0 ? [] : await usage.ReadAsync(subscription.Tenant, asked, cancellationToken).ConfigureAwait(false);
        return new Correction(
            number,
            [.. charges.Zip(used, (charge, input) => new Recharge(charge, input, [.. billed.Where(line => line.Price == charge.Price.Id && line.Period == charge.Period).Select(BilledGroup.Of)]))],
            [.. marks.Where(mark => mark.Last < billedUntil)]);
    }

    // An invoice that a person withdrew counts as billed: what was waived must not come back with the next late event.
    private async Task<List<InvoiceLine>> LinesAsync(Subscription subscription, Instant since, CancellationToken cancellationToken)
    {
        var lines = new List<InvoiceLine>();
        for (var query = new StoreQuery { Limit = Limits.PageSize }.With("subscription_id", subscription.Id.ToString()); ;)
        {
            var page = await invoices.ListAsync(subscription.Tenant, query, cancellationToken).ConfigureAwait(false);
            lines.AddRange(page.Items.SelectMany(invoice => invoice.Lines).Where(line => line.Metric is not null));
            if (page.Next is null || page.Items[^1].CreatedAt < since)
            {
                return lines;
            }

            query = query with { After = page.Next };
        }
    }
}

/// <summary>What has to be corrected of one subscription's bills.</summary>
/// <param name="Number">The number that the correction takes; of two that were worked out from the same bills only one gets it.</param>
/// <param name="Recharges">The billed charges, rated again.</param>
/// <param name="Late">The marks that are settled with it.</param>
internal sealed record Correction(int Number, ImmutableArray<Recharge> Recharges, ImmutableArray<LateUsage> Late);
