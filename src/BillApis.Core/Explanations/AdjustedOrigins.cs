using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Finds what lines that adjust follow from: what the schedule charged for their periods, and what earlier documents billed of that.</summary>
internal sealed class AdjustedOrigins(EarlierBills earlier, Plans plans)
{
    /// <summary>What was billed each subscription before of what an invoice adjusts; those whose usage it does not adjust are not there.</summary>
    public async Task<IReadOnlyDictionary<SubscriptionId, AdjustedCharges>> OfAsync(Invoice invoice, IEnumerable<Subscription> subscriptions, CancellationToken cancellationToken)
    {
        var found = new Dictionary<SubscriptionId, AdjustedCharges>();
        foreach (var subscription in subscriptions)
        {
            var part = invoice.PartOf(subscription.Id);
            if (part.Lines.Where(IsMetered).Min(line => line.Period?.Start) is not { } since)
            {
                continue;
            }

            var bills = EarlierOrigins.Before(invoice, await earlier.InvoicesAsync(subscription, since, cancellationToken).ConfigureAwait(false));
            var memos = (await earlier.MemosAsync(subscription, since, bills, cancellationToken).ConfigureAwait(false)).Where(memo => memo.Subscription == subscription.Id && memo.Correction < part.Correction);
            InvoiceLine[] billed = [.. bills.SelectMany(bill => bill.PartOf(subscription.Id).Lines), .. EarlierBills.AdjustmentsOf(memos)];
            found[subscription.Id] = new AdjustedCharges(invoice, subscription, await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false), billed.Where(line => line.Metric is not null).ToLookup(line => (line.Price, line.Period?.Start)));
        }

        return found;
    }

    private static bool IsMetered(InvoiceLine line) => line is { Kind: LineKind.Adjustment, Metric: not null, Period: not null };
}

/// <summary>What an invoice adjusts of one subscription.</summary>
/// <param name="Invoice">The invoice; of one that was issued again, the first.</param>
/// <param name="Subscription">The subscription.</param>
/// <param name="Versions">The versions of its plans.</param>
/// <param name="Billed">What earlier documents billed, by price and start.</param>
internal sealed record AdjustedCharges(Invoice Invoice, Subscription Subscription, PlanVersions Versions, ILookup<(PriceId? Price, Instant? Start), InvoiceLine> Billed)
{
    /// <summary>What a line should say: its charge as the schedule has it, rated with what was used by now, less what was billed.</summary>
    /// <param name="line">The line.</param>
    /// <param name="price">Its price, with the terms that the subscription had agreed to.</param>
    /// <param name="usage">What was used.</param>
    /// <param name="used">How much that is, of its group.</param>
    public RatedAgain Of(InvoiceLine line, Price price, RatingInput usage, decimal used)
    {
        var charge = ChargeOf(line, price);
        var said = charge ?? new Charge(price, line.Quantity, line.Period!.Value, line.Factor) { Full = line.Full ?? line.Period.Value, CarriedFrom = line.CarriedFrom };
        var billed = Billed[(line.Price, line.Period!.Value.Start)].Select(BilledGroup.Of).ToList();
        var lines = new Recharge(said, usage, [.. billed]).LinesIn(Invoice.Currency);
        if (IsOfAll(line, price) && lines.Count > 1)
        {
            Money Sum(Func<InvoiceLine, Money> part) => lines.Aggregate(Money.Zero(Invoice.Currency), (sum, item) => sum + part(item));
            return new RatedAgain(said, charge is not null, lines.Aggregate(0m, (sum, item) => Exact.Add(sum, item.Quantity)), new LineAdjustment(lines.Aggregate(0m, (sum, item) => Exact.Add(sum, item.Adjustment!.Quantity)), Sum(item => item.Adjustment!.Amount), Sum(item => item.Adjustment!.Billed)));
        }

        // What comes to what was billed has no line.
        var own = billed.FindAll(group => Metering.Dimensions.Of(group.Group) == Metering.Dimensions.Of(line.Group));
        var before = own.Aggregate(Money.Zero(Invoice.Currency), (sum, group) => sum + group.Amount);
        return lines.FirstOrDefault(item => Metering.Dimensions.Of(item.Group) == Metering.Dimensions.Of(line.Group)) is { } again
            ? new RatedAgain(said, charge is not null, again.Quantity, again.Adjustment!)
            : new RatedAgain(said, charge is not null, Exact.Add(used, -own.Aggregate(0m, (sum, group) => Exact.Add(sum, group.Quantity))), new LineAdjustment(used, before, before));
    }

    // What was charged from an instant on for no time has no place in the schedule.
    private Charge? ChargeOf(InvoiceLine line, Price price)
    {
        var period = line.Period!.Value;
        if (period.Duration == Duration.Zero)
        {
            return new Charge(price, line.Quantity, period, line.Factor) { Full = line.Full ?? period, CarriedFrom = line.CarriedFrom };
        }

        var charged = BilledPriceList.KnownTo(Invoice, Subscription.Timeline).SelectMany(known => BilledCharges.Of(Versions, known, line.Metric!.Value, period.Start, period.Start, Instant.MaxValue))
            .FirstOrDefault(charge => charge.Price.Id == line.Price && charge.Period == period);

        // What is missing up to a minimum is known at the end of the period only, which is what an early bill does not wait for.
        return Invoice.Kind is InvoiceKind.Progressive && charged is not null ? charged with { Price = charged.Price with { Terms = charged.Price.Terms with { MinimumAmount = null } } } : charged;
    }

    // Where an invoice has no room for a line of each group, one has them all.
    private bool IsOfAll(InvoiceLine line, Price price) => line.Group.IsEmpty && !price.Terms.GroupBy.IsEmpty
        && Invoice.PartOf(Subscription.Id).Lines.Count(other => other.Kind is LineKind.Adjustment && (other.Price, other.Period) == (line.Price, line.Period)) == 1;
}

/// <summary>A charge that was rated again for a line that adjusts it.</summary>
/// <param name="Charge">The charge.</param>
/// <param name="IsScheduled">Whether the subscription was charged it for that period.</param>
/// <param name="Quantity">What was used more than was billed.</param>
/// <param name="Now">What is used, what it costs by now and what was billed.</param>
internal sealed record RatedAgain(Charge Charge, bool IsScheduled, decimal Quantity, LineAdjustment Now)
{
    /// <summary>What the line should come to.</summary>
    public Money Amount => Now.Amount - Now.Billed;

    /// <summary>Whether a line says the same.</summary>
    public bool Agrees(InvoiceLine line) => IsScheduled && line.Adjustment == Now && line.Amount == Amount && line.Quantity == Quantity && line.Factor == Charge.Factor && (line.Full ?? line.Period) == Charge.Full;
}
