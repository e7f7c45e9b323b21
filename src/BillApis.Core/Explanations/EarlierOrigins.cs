using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Explains lines that follow from earlier bills: what is missing to a commitment, what is given back of what was billed in advance, and what coupons take off otherwise.</summary>
internal sealed class EarlierOrigins(EarlierBills earlier, Plans plans)
{
    /// <summary>The steps to what is missing to a commitment, and whether they still come to it.</summary>
    public async Task<(ImmutableArray<string> Steps, bool Agrees)> MissingAsync(Invoice invoice, InvoiceLine line, Subscription subscription, CancellationToken cancellationToken)
    {
        var schedule = ChargeSchedule.Of(subscription.Timeline.KnownAt(invoice.CreatedAt), await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false));
        if (line.Period is not { } period || schedule.CommitmentsHolding([period.Start], Instant.MaxValue).FirstOrDefault(item => item.Period == period) is not { } committed)
        {
            return (InvoiceSteps.OfAmount(line), false);
        }

        var bills = Before(invoice, await earlier.InvoicesAsync(subscription, committed.Since, cancellationToken).ConfigureAwait(false)).SelectMany(bill => bill.PartOf(subscription.Id).Lines).ToList();
        var memos = await earlier.MemosAsync(subscription, committed.Since, cancellationToken).ConfigureAwait(false);
        CommittedPeriod After(Func<CreditMemo, bool> isBefore) => committed.After([.. bills, .. EarlierBills.AdjustmentsOf(memos.Where(isBefore))]);

        // What was taken back as it was issued, on a clock that stands, may have been taken back before it or after.
        var mine = invoice.PartOf(subscription.Id).Lines;
        var before = After(memo => memo.IssuedAt < (invoice.IssuedAt ?? Instant.MaxValue));
        before = before.LineOf(mine)?.Amount == line.Amount ? before : After(memo => memo.IssuedAt <= (invoice.IssuedAt ?? Instant.MaxValue));
        return (InvoiceSteps.Missing(line, before, before.Counted + before.KeptWith(mine), before.DrawnBy(mine)), before.LineOf(mine)?.Amount == line.Amount);
    }

    /// <summary>The steps to what is given back of a line, and whether it is what the price asks for that time, or less.</summary>
    public async Task<(ImmutableArray<string> Steps, bool Agrees)> UnusedAsync(Invoice invoice, InvoiceLine line, BilledPriceList prices, Subscription subscription, CancellationToken cancellationToken)
    {
        var bills = await earlier.IssuedAsync(subscription, subscription.Timeline.StartAt, cancellationToken).ConfigureAwait(false);
        if (bills.Find(bill => bill.Lines.Any(item => item.Id == line.GivesBack)) is not { } bill)
        {
            return (InvoiceSteps.OfAmount(line), false);
        }

        // As coupons discount it by now.
        var memos = (await earlier.MemosAsync(subscription, bill.CreatedAt, cancellationToken).ConfigureAwait(false)).FindAll(memo => memo.IssuedAt <= (invoice.IssuedAt ?? Instant.MaxValue));
        var paid = AdvancedLine.Of([.. Before(invoice, bills).Select(item => item.PartOf(subscription.Id))], memos, Instant.MinValue);
        var advanced = paid.FirstOrDefault(item => item.Line.Id == line.GivesBack)?.Line ?? bill.Lines.Single(item => item.Id == line.GivesBack);
        var terms = prices.Find(advanced, bill)!.Terms.In(line.Amount.Currency);
        // Of a minimum or maximum, and of a whole line that went on with another, that part of what was billed for it is given back that is left of its own time.
        var isOfLine = advanced.Kind is LineKind.Minimum or LineKind.Maximum || (advanced.Before is not null && line.Factor == advanced.Factor);
        var part = isOfLine ? ProrationFactor.Of(terms.Proration, line.Period!.Value, advanced.Period!.Value, subscription.Timeline.ZoneAt(advanced.Period.Value.Start)) : line.Factor;
        var whole = isOfLine ? advanced.Amount.Amount : Rating.Rate(terms, new RatingInput(line.Quantity)).Amount;
        var (asked, discounted) = (part.Apply(whole), part.Apply(whole, advanced.NetPart));
        var (back, most) = (-line.Amount, Money.Round(discounted, line.Amount.Currency));
        return (InvoiceSteps.Unused(line, bill, advanced, new AskedBack(part, isOfLine, asked, discounted), back < most), back <= most);
    }

    /// <summary>The steps to what coupons take off a line otherwise, and whether they come to it where they are counted anew.</summary>
    public async Task<(ImmutableArray<string> Steps, bool Agrees)> MovedAsync(Invoice invoice, InvoiceLine line, Subscription subscription, CancellationToken cancellationToken)
    {
        var (bills, part) = (await earlier.InvoicesAsync(subscription, subscription.Timeline.StartAt, cancellationToken).ConfigureAwait(false), invoice.PartOf(subscription.Id));
        if (bills.Find(bill => bill.Lines.Any(item => item.Id == line.Corrects) || SettledCommitment.IsOf(bill.PartOf(subscription.Id), line)) is not { } bill)
        {
            return (InvoiceSteps.OfAmount(line), false);
        }

        var memos = (await earlier.MemosAsync(subscription, bill.CreatedAt, [bill], cancellationToken).ConfigureAwait(false)).FindAll(memo => memo.Correction is { } place ? place < part.Correction : memo.IssuedAt <= (invoice.IssuedAt ?? Instant.MaxValue));
        var there = Before(invoice, bills);
        List<InvoiceLine> before = [.. there.SelectMany(item => item.PartOf(subscription.Id).Lines), .. EarlierBills.AdjustmentsOf(memos)];
        var known = there.Select(item => item.PartOf(subscription.Id)).Append(part).ToList();
        var bound = new BoundBills(0, before)
        {
            Bills = known, Memos = memos, Until = invoice.CreatedAt, Standing = await earlier.StandingAsync([bill], cancellationToken).ConfigureAwait(false),
            Settled = SettledCommitment.KnownTo(part.Lines, bill.PartOf(subscription.Id)).ToLookup(_ => bill.Id),
        };
        var isEarly = bill.Lines.Any(item => item.Id == line.Corrects && BoundBills.IsEarly(item));
        var origin = bound.OriginOf(bill, subscription, ChargeSchedule.Of(subscription.Timeline, await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false)), isEarly);
        var billed = origin.Invoice.Lines.Single(item => item.Id == line.Corrects);
        return (InvoiceSteps.Moved(line, bill, billed, origin.TakenOff(billed)), origin.MovedWith(part.Lines).Any(item => item.Corrects == line.Corrects && item.Discount == line.Discount));
    }

    /// <summary>The bills that were there as another was made: issued before it, and of an earlier instant, unless it follows from one of a later, as what is told as of an earlier instant does.</summary>
    public static List<Invoice> Before(Invoice invoice, IEnumerable<Invoice> bills)
    {
        var issued = bills.Where(bill => bill.Id != invoice.Id && IsIssuedBefore(bill, invoice)).ToList();
        var named = invoice.Lines.Select(line => line.GivesBack ?? line.Corrects).OfType<InvoiceLineId>().ToHashSet();
        return issued.Exists(bill => bill.CreatedAt > invoice.CreatedAt && bill.Lines.Any(line => named.Contains(line.Id))) ? issued : issued.FindAll(bill => bill.CreatedAt <= invoice.CreatedAt);
    }

    private static bool IsIssuedBefore(Invoice bill, Invoice invoice) =>
        bill.Number is null || invoice.Number is null || bill.IssuedAt < invoice.IssuedAt || (bill.IssuedAt == invoice.IssuedAt && (bill.CreatedAt < invoice.CreatedAt || bill.Number < invoice.Number));
}
