using System.Collections.Immutable;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Charges outside of any subscription, for a draft invoice.</summary>
/// <param name="Customer">The customer's id or external id.</param>
/// <param name="Currency">The customer's currency.</param>
/// <param name="Lines">At least one charge.</param>
public sealed record NewInvoice(string Customer, Currency Currency, ImmutableArray<NewInvoiceLine> Lines)
{
    /// <summary>What the customer reads below the lines.</summary>
    public string? Notes { get; init; }

    /// <summary>The customer's purchase-order number; its usual one where null.</summary>
    public string? PurchaseOrder { get; init; }
}

/// <summary>A charge outside of any subscription.</summary>
/// <param name="Description">What the customer reads.</param>
/// <param name="UnitAmount">The price of one, unrounded; negative for a credit.</param>
/// <param name="Quantity">How many; not negative.</param>
/// <param name="TaxCategory">The category by which tax is decided.</param>
/// <param name="Period">What it pays for, where that has a beginning and an end.</param>
public sealed record NewInvoiceLine(string Description, decimal UnitAmount, decimal Quantity = 1, string? TaxCategory = null, Interval? Period = null)
{
    /// <exception cref="BillingException">A field breaks a rule.</exception>
    internal InvoiceLine ToLine(InvoiceLineId id, Currency currency, string path = "")
    {
        Check.Name($"{path}description", Description);
        Check.Range($"{path}quantity", Quantity, 0, Limits.Magnitude);
        Check.Range($"{path}unit_amount", UnitAmount, -Limits.Magnitude, Limits.Magnitude);
        Check.Text($"{path}tax_category", TaxCategory, Limits.CodeLength);
        return new InvoiceLine
        {
            Id = id,
            Kind = LineKind.OneOff,
            Description = Description,
            Quantity = Quantity,
            UnitAmount = UnitAmount,
            Amount = MoneyCheck.Product($"{path}unit_amount", Quantity, UnitAmount, currency),
            Period = Period,
            TaxCategory = TaxCategory,
        };
    }
}
