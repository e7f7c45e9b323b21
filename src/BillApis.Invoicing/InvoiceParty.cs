namespace BillApis.Invoicing;

/// <summary>A seller or a buyer, as an invoice names it: what it is called later does not change the invoice.</summary>
/// <param name="Name">The name.</param>
/// <param name="Address">The postal address; null where it is not known.</param>
/// <param name="Country">ISO 3166-1 alpha-2; null where it is not known.</param>
/// <param name="TaxId">The VAT or other tax number; null for none.</param>
/// <param name="Email">Where it is written to; null for nowhere.</param>
public sealed record InvoiceParty(string Name, Address? Address = null, string? Country = null, string? TaxId = null, string? Email = null);
