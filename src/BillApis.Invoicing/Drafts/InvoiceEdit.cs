using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A change of a draft by a person.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who, as the caller's credential said; null for the application itself.</param>
/// <param name="What">What was changed, in words.</param>
public sealed record InvoiceEdit(Instant At, string? By, string What);
