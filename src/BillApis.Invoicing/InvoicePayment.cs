using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Money received for an invoice outside of any processor.</summary>
/// <param name="Id">The id, from which the ledger's posting follows.</param>
/// <param name="Amount">How much; more than zero.</param>
/// <param name="Reference">What the bank or the payer calls it; unique on the invoice.</param>
/// <param name="At">When it was recorded.</param>
public sealed record InvoicePayment(PaymentId Id, Money Amount, string? Reference, Instant At);
