using System.Collections.Immutable;
using System.Numerics;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Promotional credits, taxes and paid credits, in that order, on the draft that the calculator made: the same for previews and for what is issued.</summary>
public static class InvoiceSettlement
{
    /// <summary>
    /// The invoice with credits and taxes, and the grants that it used. Grants are used in the order of their keys; promotional ones discount before tax, paid
    /// ones pay after it, and neither takes more than is left.
    /// </summary>
    /// <param name="draft">The lines with their coupons; credits and taxes that it has are replaced.</param>
    /// <param name="grants">The customer's grants, in any order.</param>
    /// <param name="taxes">What was decided for the lines.</param>
    /// <param name="at">When the invoice is issued.</param>
    public static Settlement Settle(Invoice draft, IEnumerable<CreditGrant> grants, TaxDecision taxes, Instant at)
    {
        ArgumentNullException.ThrowIfNull(draft);
        ArgumentNullException.ThrowIfNull(grants);
        var usable = grants.Where(grant => grant.Amount.Currency == draft.Currency).Select(grant => grant.AdvancedTo(at))
            .Where(grant => grant.Period.IsActiveAt(at) && !grant.Balance.IsZero).OrderBy(grant => grant.Key).ToList();
        var bare = draft.Credits.IsEmpty && draft.Lines.All(line => line.Credit is null) ? draft
            : draft with { Credits = [], Lines = ImmutableArray.CreateRange(draft.Lines, line => line.Credit is null ? line : line with { Credit = null }) };
        if (usable.Count == 0)
        {
            return new Settlement(InvoiceTaxes.Apply(bare, taxes), []);
        }

        var paid = Paid(InvoiceTaxes.Apply(Discounted(bare, usable, taxes), taxes), usable);
        var invoice = paid with { Credits = [.. usable.Select(grant => paid.Credits.FirstOrDefault(use => use.Grant == grant.Id)).OfType<CreditUse>()] };
        return new Settlement(invoice, [.. usable.Zip(usable.Select(grant => invoice.Credits.FirstOrDefault(use => use.Grant == grant.Id)))
            .Where(item => item.Second is not null).Select(item => item.First.Use(item.Second!.Amount, invoice.Id, at))]);
    }

    // Where paid credit comes first in the order, promotional credit finds only what that will not pay.
    private static Invoice Discounted(Invoice draft, List<CreditGrant> usable, TaxDecision taxes)
    {
        var (invoice, uncovered) = (draft, draft);
        foreach (var grant in usable.Take(1 + usable.FindLastIndex(grant => grant.Category is CreditCategory.Promotional)))
        {
            var eligible = LineSpread.OfNet(uncovered, grant.Scope.Fits);
            var promotional = grant.Category is CreditCategory.Promotional;
            var amount = promotional ? Lesser(grant.Balance, eligible.Left) : Covered(uncovered, grant, eligible.Left, taxes);
            var shares = eligible.Shares(amount);
            uncovered = Credited(uncovered, shares);
            if (promotional && !amount.IsZero)
            {
                invoice = Credited(invoice, shares) with { Credits = invoice.Credits.Add(new CreditUse(grant.Id, grant.Category, amount)) };
            }
        }

        return invoice;
    }

    private static Invoice Paid(Invoice invoice, List<CreditGrant> usable)
    {
        var paid = usable.FindAll(grant => grant.Category is CreditCategory.Paid);
        var left = paid.Count == 0 ? [] : ImmutableArray.CreateRange(invoice.Lines, line => line.Gross);
        foreach (var grant in paid)
        {
            var eligible = new LineSpread(invoice.Lines, left, ImmutableArray.CreateRange(invoice.Lines, grant.Scope.Fits), invoice.Currency);
            var amount = Lesser(grant.Balance, eligible.Left);
            if (!amount.IsZero)
            {
                left = [.. left.Zip(eligible.Shares(amount), (rest, share) => rest - share)];
                invoice = invoice with { Credits = invoice.Credits.Add(new CreditUse(grant.Id, grant.Category, amount)) };
            }
        }

        return invoice;
    }

    // The net amount that a grant pays together with its tax.
    private static Money Covered(Invoice uncovered, CreditGrant grant, Money net, TaxDecision taxes)
    {
        var gross = new LineSpread(uncovered.Lines, ImmutableArray.CreateRange(InvoiceTaxes.Apply(uncovered, taxes).Lines, line => line.Gross), ImmutableArray.CreateRange(uncovered.Lines, grant.Scope.Fits), uncovered.Currency).Left;
        return grant.Balance >= gross ? net : Money.FromMinorUnits((long)((BigInteger)net.MinorUnits * grant.Balance.MinorUnits / gross.MinorUnits), net.Currency);
    }

    private static Invoice Credited(Invoice invoice, ImmutableArray<Money> shares) => invoice with
    {
        Lines = [.. invoice.Lines.Zip(shares, (line, share) => share.IsZero ? line : line with { Credit = line.Credit + share ?? share })],
    };

    private static Money Lesser(Money left, Money right) => left < right ? left : right;
}

/// <summary>An invoice with credits and taxes, and what became of the grants.</summary>
/// <param name="Invoice">The invoice.</param>
/// <param name="Grants">The grants that it used, each with the entry of that.</param>
public sealed record Settlement(Invoice Invoice, ImmutableArray<CreditGrant> Grants);
