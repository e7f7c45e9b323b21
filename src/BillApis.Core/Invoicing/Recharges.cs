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
internal sealed class Recharges(IUsageStore late, IInvoiceStore invoices, EarlierBills earlier, ChargedUsageReader usage, Plans plans, SettledIntervals intervals)
{
    /// <summary>What has to be corrected of these subscriptions, all of one tenant; only what was billed counts, not what is being billed.</summary>
    /// <param name="tenant">Whose they are.</param>
    /// <param name="subscriptions">The subscriptions.</param>
    /// <param name="areDue">Whether their next boundaries are being billed, so that what takes effect at those counts.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyDictionary<SubscriptionId, Correction>> OfAsync(TenantId tenant, IReadOnlyList<Subscription> subscriptions, bool areDue, CancellationToken cancellationToken)
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

        var numbers = await earlier.NextNumbersAsync(tenant, [.. marks.Select(mark => mark.Subscription).Distinct()], cancellationToken).ConfigureAwait(false);
        foreach (var subscription in subscriptions.Where(item => numbers.ContainsKey(item.Id)))
        {
            found[subscription.Id] = await OfAsync(subscription, [.. marks.Where(mark => mark.Subscription == subscription.Id)], numbers[subscription.Id], areDue ? subscription.NextBillingAt : subscription.BilledUntil, cancellationToken).ConfigureAwait(false);
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

    private async Task<Correction> OfAsync(Subscription subscription, ImmutableArray<LateUsage> marks, int number, Instant? until, CancellationToken cancellationToken)
    {
        var billedUntil = subscription.BilledUntil ?? Instant.MinValue;
        var versions = await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false);
        var schedule = ChargeSchedule.Of(subscription.Timeline, versions);
        var due = schedule.DueAgain(subscription.NextBillingAt == subscription.BilledUntil ? subscription.BilledUntil : null, subscription.EntriesBilled);
        var charges = marks.SelectMany(mark => BilledCharges.Of(versions, subscription.Timeline, mark.Metric, mark.First, mark.Last, billedUntil)).Where(charge => !due.Any(item => item.Price.Id == charge.Price.Id && item.Period == charge.Period)).ToList();
        var asked = await usage.RequestsAsync(subscription.Tenant, [.. charges.Select(charge => (charge, subscription))], cancellationToken).ConfigureAwait(false);
        var commitments = schedule.CommitmentsHolding(charges.Select(charge => charge.Period.Start), billedUntil);
        var since = charges.Select(charge => schedule.CountsFor([charge.Period.Start], charge.Period.Start)).Concat(commitments.Select(item => item.Since)).DefaultIfEmpty().Min();
        var bills = charges.Count == 0 ? [] : await earlier.InvoicesAsync(subscription, since, cancellationToken).ConfigureAwait(false);
        var memos = charges.Count == 0 ? [] : await earlier.MemosAsync(subscription, since, bills, cancellationToken).ConfigureAwait(false);
        var standing = await earlier.StandingAsync(bills, cancellationToken).ConfigureAwait(false);
        var parts = bills.ConvertAll(invoice => invoice.PartOf(subscription.Id));
        InvoiceLine[] lines = [.. parts.SelectMany(invoice => invoice.Lines), .. EarlierBills.AdjustmentsOf(memos.Where(memo => memo.Subscription == subscription.Id))];
        var billed = lines.Where(line => line.Metric is not null).ToLookup(line => (line.Price, line.Period?.Start));
        var used = charges.Count == 0 ? [] : await usage.ReadAsync(subscription.Tenant, asked, cancellationToken).ConfigureAwait(false);
        var origins = new Dictionary<InvoiceId, BilledOrigin>();
        ImmutableArray<CommittedPeriod> settled = [.. commitments.Select(item => item.After(lines)).Where(item => item.GoesOn || charges.Exists(charge => item.Of.Holds(charge.Period.Start)))];
        var nothing = await intervals.OfAsync(settled.Select(item => item.Of), parts, cancellationToken).ConfigureAwait(false);
        var bound = new BoundBills(number, [.. lines]) { Early = parts, Bills = parts, Memos = memos, Standing = standing, Settled = nothing, Until = until ?? Instant.MinValue };
        var early = EarlyOf([.. charges.Where(charge => OriginOf(charge, parts) is null)], bound, subscription);
        ImmutableArray<Recharge> recharged = [.. charges.Zip(used, (charge, input) => Recharged(new Recharge(charge, input, [.. billed[(charge.Price.Id, charge.Period.Start)].Select(BilledGroup.Of)])))];
        return new Correction(number, recharged, [.. marks.Where(mark => mark.Last < billedUntil)])
        {
            Commitments = settled, Committed = [.. settled.Select(item => BoundBills.ChargedFor(item.Of, parts)).Concat(parts.Where(bill => nothing.Contains(bill.Id))).Select(Origin).OfType<BilledOrigin>().Distinct()], Unbilled = Unbilled(),
        };

        // What no bill has yet.
        UnbilledPeriod? Unbilled()
        {
            var uncharged = settled.Where(item => BoundBills.ChargedFor(item.Of, parts) is null && !nothing.Any(bill => bill.Any(line => line.Period == item.Of.Period))).Select(item => item.Of.Period);
            var last = recharged.Where(charge => (charge.Origin ?? charge.Early) is null).Select(charge => charge.Charge.Period).Concat(uncharged).Select(period => (Interval?)period).MaxBy(period => period!.Value.Start);
            return last is { } period && schedule.CountsFor([period.Start], period.Start) is var start ? new UnbilledPeriod(start, period.End, parts.FindAll(invoice => schedule.CountsFor(invoice) == start)) : null;
        }

        // A charge that was billed early has no bill of its own: its lines are on several.
        Recharge Recharged(Recharge item) =>
            Origin(OriginOf(item.Charge, parts)) is { } origin ? item with { Origin = origin } : item with { Early = early.GetValueOrDefault(BoundBills.KeyOf(item.Charge)), IsOver = true };

        BilledOrigin? Origin(Invoice? invoice)
        {
            if (invoice is null)
            {
                return null;
            }

            if (origins.TryGetValue(invoice.Id, out var origin))
            {
                return origin;
            }

            return origins[invoice.Id] = bound.OriginOf(bills.Find(bill => bill.Id == invoice.Id)!, subscription, schedule, isEarly: false);
        }
    }

    // Charges that share early bills are counted as one.
    private static Dictionary<(PriceId? Price, Instant? Start), BilledOrigin?> EarlyOf(List<Charge> charges, BoundBills bills, Subscription subscription)
    {
        var found = new Dictionary<(PriceId? Price, Instant? Start), BilledOrigin?>();
        while (charges.Count > 0)
        {
            var shared = bills.SharedBy([charges[0]]);
            var together = charges.FindAll(charge => shared.Contains(BoundBills.KeyOf(charge)));
            var origin = bills.EarlyOf(together, subscription);
            together.ForEach(charge => found[BoundBills.KeyOf(charge)] = origin);
            charges.RemoveAll(together.Contains);
        }

        return found;
    }

    private static Invoice? OriginOf(Charge charge, List<Invoice> bills) =>
        bills.Find(invoice => invoice.Lines.Any(line => line.Price == charge.Price.Id && line.Period == charge.Period && line is { RefersBack: false, Kind: not LineKind.Adjustment }));
}

/// <summary>What has to be corrected of one subscription's bills.</summary>
/// <param name="Number">The number that the correction takes; of two that were worked out from the same bills only one gets it.</param>
/// <param name="Charges">The billed charges, rated again.</param>
/// <param name="Late">The marks that are settled with it.</param>
internal sealed record Correction(int Number, ImmutableArray<Recharge> Charges, ImmutableArray<LateUsage> Late)
{
    /// <summary>The intervals of commitments that the charges draw on.</summary>
    public ImmutableArray<CommittedPeriod> Commitments { get; init; } = [];

    /// <summary>The bills that charged what was missing to those.</summary>
    public ImmutableArray<BilledOrigin> Committed { get; init; } = [];

    /// <summary>The latest period of what no bill has; null where all was billed.</summary>
    public UnbilledPeriod? Unbilled { get; init; }

    /// <summary>What credit memos can take back of the invoices that would have been less. Where a commitment has to be met still, an invoice settles both at once.</summary>
    /// <exception cref="BillingException">A price refuses its quantity, or an amount cannot be kept exactly.</exception>
    public IReadOnlyList<LateMemo> Memos(Currency currency) => !Commitments.IsEmpty
        ? []
        : BillingException.OrTooMuch<IReadOnlyList<LateMemo>>("What late usage takes back", () => [.. Charges.Where(charge => charge.Origin is not null).GroupBy(charge => charge.Origin!.Invoice.Id)
            .Select(group => (group.First().Origin, Charges: group)).Select(group => new LateMemo(group.Origin!.Document, LateCredit.Of(group.Origin, [.. group.Charges.SelectMany(charge => charge.LinesIn(currency))])))
            .Where(memo => !memo.Lines.IsEmpty).OrderBy(memo => memo.Invoice.CreatedAt)]);

    /// <summary>The same without what credit memos take back; its marks stay for those.</summary>
    public Correction Without(IReadOnlyList<LateMemo> memos) => memos.Count == 0
        ? this
        : this with { Charges = [.. Charges.Where(charge => memos.All(memo => memo.Invoice.Id != charge.Origin?.Invoice.Id))], Late = [] };
}

/// <summary>A period of which something is on no bill.</summary>
/// <param name="CountsFor">When the period begins that coupons count it for.</param>
/// <param name="End">When what was not billed ends.</param>
/// <param name="Bills">The bills that coupons counted for the same period.</param>
internal sealed record UnbilledPeriod(Instant CountsFor, Instant End, IReadOnlyCollection<Invoice> Bills);

/// <summary>An invoice that would have been less, and the lines of the credit memo that takes that back.</summary>
internal sealed record LateMemo(Invoice Invoice, ImmutableArray<CreditMemoLine> Lines);
