namespace BillApis.Invoicing;

/// <summary>What a credit memo took back of an invoice.</summary>
/// <param name="Memo">The credit memo.</param>
/// <param name="Amount">All of it, more than zero.</param>
/// <param name="Applied">The part that lessened what was due; the rest had been paid.</param>
public sealed record InvoiceCredit(CreditMemoId Memo, Money Amount, Money Applied);
