using System.Globalization;
using System.Numerics;
using BillApis.Invoicing;

namespace BillApis.Cli.Verification;

/// <summary>Counts the coupons of earlier bills anew with what an invoice adjusts of them: what they take off more, or less, and which lines bear it.</summary>
internal sealed class MovedVerification(InvoiceExport export, Invoice invoice, EarlierBills earlier, Findings findings)
{
    private readonly Dictionary<CouponId, BigInteger> _changes = [];
    private readonly Dictionary<int, BigInteger> _shares = [];
    private readonly HashSet<InvoiceLineId> _apart = [];

    /// <summary>What was counted of one subscription's bills; false where it cannot be: usage that was billed early is on several bills, each with its own coupons, and of what was given back in part only the rest is discounted otherwise.</summary>
    public bool Verify(SubscriptionId? subscription)
    {
        var lines = invoice.Lines.Select((line, k) => (Line: line, Place: k)).Where(item => item.Line.Corrects is not null && (item.Line.Subscription ?? invoice.Subscription) == subscription).ToList();
        var bills = lines.Select(item => earlier.With(item.Line.Corrects!.Value)).ToList();
        if (bills.Contains(null) || bills.Exists(bill => bill!.Part.Lines.Any(IsEarly) || IsGivenBack(bill) || IsTakenAway(bill)) || invoice.Lines.Length + bills.Distinct().Sum(bill => bill!.Part.Lines.Length) > Limits.LinesPerInvoice)
        {
            return false;
        }

        foreach (var bill in bills.OfType<EarlierBill>().Distinct())
        {
            Count(bill, [.. lines.Where(item => bill.Part.Lines.Any(own => own.Id == item.Line.Corrects))], subscription);
        }

        foreach (var (line, k) in lines)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"invoice.lines[{k}]");
            if (line.Kind is LineKind.Discount && !_apart.Contains(line.Corrects!.Value))
            {
                findings.Add($"{path}.corrects", "is a line of which coupons take what they took");
            }

            findings.Expect($"{path}.discount", line.Discount ?? Money.Zero(invoice.Currency), _shares.GetValueOrDefault(k), "what coupons take off it by now, less what they took,");
        }

        foreach (var id in _apart.Where(id => !lines.Exists(item => item.Line.Kind is LineKind.Discount && item.Line.Corrects == id)))
        {
            findings.Add("invoice.lines", $"coupons take another part of {id}, and no line says so: a line was left out");
        }

        VerifyCoupons(subscription);
        return true;
    }

    // Of what was given back in part, only the rest is discounted otherwise.
    private bool IsGivenBack(EarlierBill bill)
    {
        var ids = bill.Part.Lines.SelectMany(line => (InvoiceLineId[])[line.Id, earlier.Standing(line.Id)]).ToHashSet();
        return earlier.AllOf(bill.File.Subscription).SelectMany(other => other.Part.Lines).Concat(invoice.Lines).Any(line => line.GivesBack is { } id && ids.Contains(id))
            || earlier.MemosOf(bill.File.Subscription).SelectMany(memo => memo.Memo.Lines).Any(line => line.Adjustment is null && ids.Contains(line.Line));
    }

    // Of what coupons paid nothing can be given back; where something that takes effect in its time may have taken it away, only what was had is discounted otherwise.
    private bool IsTakenAway(EarlierBill bill) => ExportedSubscriptions.All(export).Where(item => item.Id == bill.File.Subscription).SelectMany(item => item.Timeline.Entries)
        .Any(entry => entry.IsBilled && entry.At <= invoice.CreatedAt && bill.Part.Lines.Any(line => line is { InAdvance: true, RefersBack: false, Net.IsZero: true, Amount.IsZero: false, Period: { } period } && period.Start < entry.At && entry.At < period.End));

    private static bool IsEarly(InvoiceLine line) => line is { Kind: LineKind.Adjustment, RefersBack: false };

    private void VerifyCoupons(SubscriptionId? subscription)
    {
        var said = invoice.Discounts.Where(discount => discount.IsCorrection && (discount.Subscription ?? invoice.Subscription) == subscription).ToLookup(discount => discount.Coupon);
        foreach (var coupon in said.Select(discounts => discounts.Key).Union(_changes.Keys))
        {
            var sum = said[coupon].Aggregate(Money.Zero(invoice.Currency), (all, discount) => all + discount.Amount);
            findings.Expect($"invoice.discounts of {coupon}", sum, _changes.GetValueOrDefault(coupon), "what it takes off earlier invoices by now, less what it took,");
        }
    }

    private void Count(EarlierBill bill, List<(InvoiceLine Line, int Place)> mine, SubscriptionId? subscription)
    {
        var own = bill.Part.Lines.Where(line => line is { RefersBack: false, Kind: not LineKind.OneOff }).ToList();
        var ids = own.ConvertAll(line => line.Id);
        var before = earlier.LinesOf(subscription).Where(line => line.Corrects is { } of && ids.Contains(of)).ToList();
        var adjusting = mine.FindAll(item => item.Line.Kind is not LineKind.Discount);
        BigInteger[] amounts = [.. own.Select(line => line.Amount.MinorUnits + (BigInteger)before.Where(other => other.Corrects == line.Id).Sum(other => other.Amount.MinorUnits))];
        BigInteger[] now = [.. own.Select((line, k) => amounts[k] + adjusting.Where(item => item.Line.Corrects == line.Id).Sum(item => item.Line.Amount.MinorUnits))];
        var (was, becomes) = (CouponShares.Count(bill.File.Coupons, own, amounts), CouponShares.Count(bill.File.Coupons, own, now));
        VerifyTerms(bill, before, was.Coupons);
        foreach (var coupon in bill.File.Coupons.Select(coupon => coupon.Coupon).Distinct())
        {
            _changes[coupon] = _changes.GetValueOrDefault(coupon) + becomes.Coupons[coupon] - was.Coupons[coupon];
        }

        Spread(bill, own, [.. becomes.Lines.Zip(was.Lines, (more, less) => more - less)], adjusting, mine);
    }

    // Those terms are in the file that the bill itself was made by.
    private void VerifyTerms(EarlierBill bill, List<InvoiceLine> before, Dictionary<CouponId, BigInteger> was)
    {
        var said = bill.Part.Discounts.Where(discount => !discount.IsCorrection).ToLookup(discount => discount.Coupon);
        if (before.Count == 0)
        {
            foreach (var coupon in said.Select(discounts => discounts.Key).Union(was.Keys))
            {
                findings.Expect($"{bill.Document.DisplayNumber}: coupon {coupon}", said[coupon].Aggregate(Money.Zero(invoice.Currency), (all, discount) => all + discount.Amount), was.GetValueOrDefault(coupon), "what its terms in the file come to");
            }
        }
    }

    // Of lines that are not adjusted, those adjustments bear the change that have the same taxes; where there are none, it has a line of its own.
    private void Spread(EarlierBill bill, List<InvoiceLine> own, BigInteger[] changes, List<(InvoiceLine Line, int Place)> adjusting, List<(InvoiceLine Line, int Place)> mine)
    {
        var adjusted = adjusting.Select(item => item.Line.Corrects).ToHashSet();
        foreach (var alike in Enumerable.Range(0, own.Count).GroupBy(k => own.FindIndex(line => IsTaxedAs(line, own[k]))).Select(group => group.ToList()))
        {
            foreach (var k in alike.Where(k => adjusted.Contains(own[k].Id)))
            {
                Bear(changes[k], adjusting.FindAll(item => item.Line.Corrects == own[k].Id));
            }

            var others = alike.FindAll(k => !adjusted.Contains(own[k].Id));
            var bearing = alike.Except(others).Where(k => bill.File.Coupons.Any(coupon => CouponShares.IsFor(coupon.Terms, own[k]))).Select(k => own[k].Id).ToHashSet();
            if (bearing.Count > 0)
            {
                Bear(others.Aggregate(BigInteger.Zero, (sum, k) => sum + changes[k]), adjusting.FindAll(item => bearing.Contains(item.Line.Corrects!.Value)));
                continue;
            }

            foreach (var k in others.Where(k => !changes[k].IsZero))
            {
                _apart.Add(own[k].Id);
                mine.Where(item => item.Line.Kind is LineKind.Discount && item.Line.Corrects == own[k].Id).Take(1).ToList().ForEach(item => _shares[item.Place] = changes[k]);
            }
        }
    }

    private void Bear(BigInteger change, List<(InvoiceLine Line, int Place)> lines)
    {
        var shares = Split.ByWeight(BigInteger.Abs(change), [.. lines.Select(item => (BigInteger)Math.Abs(item.Line.Amount.MinorUnits))]);
        foreach (var (item, share) in lines.Zip(shares))
        {
            _shares[item.Place] = _shares.GetValueOrDefault(item.Place) + (share * change.Sign);
        }
    }

    private static bool IsTaxedAs(InvoiceLine line, InvoiceLine other) => line.Taxes.Length == other.Taxes.Length && line.Taxes.All(tax => other.Taxes.Any(own => own.Tax == tax.Tax));
}
