using NodaTime;

namespace BillApis.Invoicing;

/// <summary>An order to send an invoice.</summary>
/// <param name="At">When.</param>
/// <param name="To">The address.</param>
public sealed record InvoiceSending(Instant At, string To);
