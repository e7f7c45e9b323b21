using System.Globalization;
using System.Numerics;
using BillApis.Invoicing;

namespace BillApis.Cli.Verification;

/// <summary>Recomputes what coupons, promotional credits, taxes and paid credits did to the lines, in that order.</summary>
internal sealed class DeductionVerification(InvoiceExport export, Invoice invoice, Findings findings)
{
    private readonly BigInteger[] _left = [.. invoice.Lines.Select(line => (BigInteger)line.Amount.MinorUnits)];

    public void Verify()
    {
        VerifyCoupons();
        VerifyCounting();
        VerifyPromotional();
        VerifyTaxes();
        VerifyPaid();
    }

    private static string At(string list, int i) => string.Create(CultureInfo.InvariantCulture, $"invoice.{list}[{i}]");

    private void VerifyCoupons()
    {
        var (taken, rank, owner) = (new BigInteger[invoice.Lines.Length], 0, (SubscriptionId?)null);
        for (var i = 0; i < invoice.Discounts.Length; i++)
        {
            var discount = invoice.Discounts[i];
            if (discount.IsCorrection)
            {
                continue;
            }

            // Of several subscriptions that redeemed one coupon each has as much as is left of its own.
            var known = export.Coupons.Where(coupon => coupon.Coupon == discount.Coupon).Select(coupon => coupon.Terms).ToList();
            if (known.FirstOrDefault() is not { } terms)
            {
                findings.Add($"{At("discounts", i)}.coupon", "has no terms in the file");
                continue;
            }

            var mine = CouponShares.RankOf(terms);
            rank = discount.Subscription == owner ? rank : 0;
            owner = discount.Subscription;
            if (mine < rank)
            {
                findings.Add(At("discounts", i), "comes before a coupon that is for less");
            }

            rank = mine;
            var looked = invoice.Lines.Select((line, k) => line.Subscription != discount.Subscription || line.Kind is LineKind.UnusedTime or LineKind.OneOff || line.Corrects is not null ? BigInteger.Zero : _left[k]).ToArray();
            var asked = known.ConvertAll(item => CouponShares.Of(item, invoice.Lines, looked));
            Take(At("discounts", i) + ".amount", discount.Amount, asked.Exists(one => one.Amount == discount.Amount.MinorUnits) ? discount.Amount.MinorUnits : asked[0].Amount, asked[0].Weights, taken);
        }

        VerifyCorrections(taken);
        Compare("discount", line => line.Discount, taken);
    }

    // What counts on the invoice beyond what it took, late usage of it will have; each coupon in the file counts in one of both ways.
    private void VerifyCounting()
    {
        for (var i = 0; i < invoice.Coupons.Length; i++)
        {
            var counting = invoice.Coupons[i];
            if (!export.Coupons.Any(coupon => coupon.Coupon == counting.Coupon && (counting.Most is null || coupon.Terms.AmountOff == counting.Most)))
            {
                findings.Add($"{At("coupons", i)}", "has no such terms in the file");
            }

            if (invoice.Coupons.Take(i).Any(other => (other.Coupon, other.Subscription) == (counting.Coupon, counting.Subscription)))
            {
                findings.Add($"{At("coupons", i)}", "counts already");
            }
        }

        foreach (var coupon in export.Coupons.Where(coupon => invoice.Coupons.All(counting => counting.Coupon != coupon.Coupon) && !invoice.Discounts.Any(discount => discount.Coupon == coupon.Coupon && !discount.IsCorrection)))
        {
            findings.Add("invoice.coupons", $"do not name {coupon.Description}, whose terms are in the file: it was left out");
        }
    }

    // What coupons would have taken off earlier invoices follows from those; here it is only held that adjustments bear it, and nothing else.
    private void VerifyCorrections(BigInteger[] taken)
    {
        var borne = BigInteger.Zero;
        for (var k = 0; k < invoice.Lines.Length; k++)
        {
            if (invoice.Lines[k] is { Corrects: not null, Discount: { } share })
            {
                taken[k] += share.MinorUnits;
                _left[k] -= share.MinorUnits;
                borne += share.MinorUnits;
            }
        }

        var said = invoice.Discounts.Where(discount => discount.IsCorrection).Aggregate(BigInteger.Zero, (sum, discount) => sum + discount.Amount.MinorUnits);
        if (said != borne)
        {
            findings.Add("invoice.discounts", $"take {said} minor units off adjustments, and the lines bear {borne}");
        }
    }

    // What bought credit that comes before it will pay, together with its tax, is not discounted.
    private void VerifyPromotional()
    {
        var (taken, uncovered) = (new BigInteger[invoice.Lines.Length], (BigInteger[])[.. _left]);
        for (var i = 0; i < invoice.Credits.Length; i++)
        {
            var use = invoice.Credits[i];
            var weights = WeightsOf(use, i, uncovered);
            var most = CouponShares.Left(weights, uncovered);
            var shares = use.Category is CreditCategory.Promotional
                ? Take(At("credits", i) + ".amount", use.Amount, BigInteger.Min(Before(use, i), most), weights, taken)
                : Split.ByWeight(Covered(use, i, most, uncovered), CouponShares.Bearing(invoice.Lines, weights));
            uncovered = [.. uncovered.Zip(shares, (left, share) => left - share)];
        }

        Compare("credit", line => line.Credit, taken);
    }

    private BigInteger Covered(CreditUse use, int i, BigInteger net, BigInteger[] uncovered)
    {
        var taxes = TaxesOn(uncovered);
        BigInteger[] gross = [.. uncovered.Select((left, k) => left + OnTop(taxes[k]))];
        var (before, whole) = (Before(use, i), CouponShares.Left(WeightsOf(use, i, gross), gross));
        return before >= whole || whole.IsZero ? net : net * before / whole;
    }

    private void VerifyTaxes()
    {
        var shares = TaxesOn(_left);
        for (var k = 0; k < invoice.Lines.Length; k++)
        {
            foreach (var (item, n) in invoice.Lines[k].Taxes.Select((item, n) => (item, n)))
            {
                var path = string.Create(CultureInfo.InvariantCulture, $"{At("lines", k)}.taxes[{n}]");
                findings.Expect($"{path}.amount", item.Amount, shares[k][item.Tax], $"the line's share of {item.Tax.Name}");
                if (invoice.Lines[k].Taxes.Take(n).Any(other => other.Tax == item.Tax))
                {
                    findings.Add(path, "is a tax that the line bears already");
                }
            }
        }

        VerifyTaxLines(shares);
        for (var k = 0; k < invoice.Lines.Length; k++)
        {
            _left[k] += OnTop(shares[k]);
        }
    }

    // Each tax is computed on all lines that bear it and rounded once; those that are in the prices come out of them first.
    private Dictionary<Tax, BigInteger>[] TaxesOn(BigInteger[] net)
    {
        var shares = invoice.Lines.Select(_ => new Dictionary<Tax, BigInteger>()).ToArray();
        foreach (var tax in Taxes())
        {
            var bearing = Enumerable.Range(0, invoice.Lines.Length).Where(k => invoice.Lines[k].Taxes.Any(item => item.Tax == tax)).ToList();
            foreach (var (k, part) in bearing.Zip(Split.Rounded([.. bearing.Select(k => ShareOf(tax, k, net[k], net[k] - Inside(shares[k])))])))
            {
                shares[k][tax] = part;
            }
        }

        return shares;
    }

    private List<Tax> Taxes() => [.. invoice.Lines.SelectMany(line => line.Taxes).Select(tax => tax.Tax).Distinct().OrderByDescending(tax => tax.Inclusive)];

    private static BigInteger OnTop(Dictionary<Tax, BigInteger> shares) => shares.Where(share => !share.Key.Inclusive).Aggregate(BigInteger.Zero, (sum, share) => sum + share.Value);

    private static BigInteger Inside(Dictionary<Tax, BigInteger> shares) => shares.Where(share => share.Key.Inclusive).Aggregate(BigInteger.Zero, (sum, share) => sum + share.Value);

    private void VerifyTaxLines(Dictionary<Tax, BigInteger>[] shares)
    {
        var taxes = Taxes();
        for (var i = 0; i < Math.Max(taxes.Count, invoice.TaxLines.Length); i++)
        {
            if (i >= taxes.Count || i >= invoice.TaxLines.Length || invoice.TaxLines[i].Tax != taxes[i])
            {
                findings.Add(At("tax_lines", i), "is not a tax of the lines in their order");
                continue;
            }

            var bearing = Enumerable.Range(0, shares.Length).Where(k => shares[k].ContainsKey(taxes[i])).ToList();
            findings.Expect(At("tax_lines", i) + ".amount", invoice.TaxLines[i].Amount, bearing.Aggregate(BigInteger.Zero, (sum, k) => sum + shares[k][taxes[i]]), "the tax, rounded once,");
            findings.Expect(At("tax_lines", i) + ".base", invoice.TaxLines[i].Base, bearing.Aggregate(BigInteger.Zero, (sum, k) => sum + _left[k] - Inside(shares[k])), "what it is computed on");
        }
    }

    private Rational ShareOf(Tax tax, int k, BigInteger net, BigInteger without)
    {
        if (tax.Treatment is not TaxTreatment.Standard)
        {
            return 0;
        }

        var inside = invoice.Lines[k].Taxes.Where(item => item.Tax is { Inclusive: true, Treatment: TaxTreatment.Standard }).Aggregate(Rational.Zero, (sum, item) => sum + item.Tax.Percentage);
        return tax.Inclusive ? Rational.Of(net, 0) * tax.Percentage / (inside + 100) : Rational.Of(without, 0) * tax.Percentage / 100;
    }

    private void VerifyPaid()
    {
        for (var i = 0; i < invoice.Credits.Length; i++)
        {
            var use = invoice.Credits[i];
            if (use.Category is CreditCategory.Paid)
            {
                var weights = WeightsOf(use, i, _left);
                Take(At("credits", i) + ".amount", use.Amount, BigInteger.Min(Before(use, i), CouponShares.Left(weights, _left)), weights, new BigInteger[invoice.Lines.Length]);
            }
        }
    }

    private BigInteger[] WeightsOf(CreditUse use, int i, BigInteger[] left)
    {
        var scope = export.Grants.FirstOrDefault(grant => grant.Id == use.Grant)?.Scope;
        if (scope is null)
        {
            findings.Add(At("credits", i) + ".grant", "is not in the file");
        }

        return [.. invoice.Lines.Select((line, k) => scope is not null && scope.Fits(line) ? left[k] : BigInteger.Zero)];
    }

    private BigInteger Before(CreditUse use, int i)
    {
        var grant = export.Grants.FirstOrDefault(grant => grant.Id == use.Grant);
        if (grant is not null && grant.Category != use.Category)
        {
            findings.Add(At("credits", i) + ".category", $"is {use.Category}, but the grant is {grant.Category}");
        }

        return grant?.Before.MinorUnits ?? 0;
    }

    private BigInteger[] Take(string field, Money says, BigInteger amount, BigInteger[] weights, BigInteger[] taken)
    {
        findings.Expect(field, says, amount, "what it takes of the lines that it is for");
        var shares = Split.ByWeight(amount, CouponShares.Bearing(invoice.Lines, weights));
        for (var k = 0; k < shares.Length; k++)
        {
            taken[k] += shares[k];
            _left[k] -= shares[k];
        }

        return shares;
    }

    private void Compare(string field, Func<InvoiceLine, Money?> says, BigInteger[] taken)
    {
        for (var k = 0; k < taken.Length; k++)
        {
            findings.Expect($"{At("lines", k)}.{field}", says(invoice.Lines[k]) ?? Money.Zero(invoice.Currency), taken[k], "its share");
        }
    }
}
