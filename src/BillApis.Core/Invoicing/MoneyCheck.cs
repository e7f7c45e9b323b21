using BillApis.Invoicing;

namespace BillApis;

/// <summary>Amounts of money that callers name: decimals in major units.</summary>
internal static class MoneyCheck
{
    /// <summary>An amount as money.</summary>
    /// <exception cref="BillingException">It has more decimals than the currency, or is too large.</exception>
    public static Money Exactly(string field, decimal amount, Currency currency)
    {
        Check.Range(field, amount, -Limits.InvoiceCharges, Limits.InvoiceCharges);
        return Money.Round(amount, currency) is var money && money.Amount == amount ? money : throw BillingException.Field(field, $"must have at most {currency.MinorUnitDigits} decimals in {currency}");
    }

    /// <summary>Refuses charges that are within bounds each and not together, be it that others take as much off again.</summary>
    /// <exception cref="BillingException">They come to too much.</exception>
    public static void Together(string field, IEnumerable<InvoiceLine> lines)
    {
        if (lines.Sum(line => Math.Abs(line.Amount.Amount)) > Limits.InvoiceCharges)
        {
            throw BillingException.Field(field, $"must not bring the charges of an invoice to more than {Limits.InvoiceCharges} together");
        }
    }

    /// <summary>Refuses two amounts that are within bounds each and not together.</summary>
    /// <exception cref="BillingException">They come to too much.</exception>
    public static void Together(string field, Money amount, string other, Money its)
    {
        if (amount.Amount + its.Amount > Limits.InvoiceCharges)
        {
            throw BillingException.Field(field, $"must not come to more than {Limits.InvoiceCharges} together with {other}");
        }
    }

    /// <summary>Stops an invoice that totals of runs and books would have no room for.</summary>
    /// <exception cref="OverflowException">A line, or all of them together, comes to too much.</exception>
    public static void Charges(Invoice draft)
    {
        if (draft.Lines.Select(line => line.Amount).Append(draft.Subtotal).Any(amount => Math.Abs(amount.Amount) > Limits.InvoiceCharges))
        {
            throw new OverflowException($"a line or the subtotal is beyond {Limits.InvoiceCharges} {draft.Currency}.");
        }
    }

    /// <summary>What a quantity comes to at a price, rounded once.</summary>
    /// <exception cref="BillingException">It is too large, or has more digits than can be kept exactly.</exception>
    public static Money Product(string field, decimal quantity, decimal unitAmount, Currency currency)
    {
        try
        {
            var exact = Exact.Multiply(quantity, unitAmount);
            return Math.Abs(exact) <= Limits.InvoiceCharges ? Money.Round(exact, currency) : throw BillingException.Field(field, $"comes to more than {Limits.InvoiceCharges} {currency} with its quantity");
        }
        catch (OverflowException overflow)
        {
            throw BillingException.Field(field, $"cannot be charged exactly: {overflow.Message}");
        }
    }
}
