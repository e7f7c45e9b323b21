namespace BillApis.Ledger;

/// <summary>What the books have to know of an invoice; the parts add up to its total and may be negative where credits prevail.</summary>
/// <param name="Tenant">Whose books they are.</param>
/// <param name="Invoice">The invoice.</param>
/// <param name="Customer">Who owes it.</param>
/// <param name="Arrears">The net amount of what was delivered already, which is revenue at once.</param>
/// <param name="Advance">The net amount of what is still to be delivered, which is deferred.</param>
/// <param name="Tax">The tax on both.</param>
public sealed record InvoiceAmounts(TenantId Tenant, InvoiceId Invoice, CustomerId Customer, Money Arrears, Money Advance, Money Tax)
{
    /// <summary>What the customer owes.</summary>
    /// <exception cref="InvalidOperationException">The parts are in several currencies.</exception>
    public Money Total => Arrears + Advance + Tax;
}
