using NodaTime;

namespace BillApis;

/// <summary>Something that happened; stored in the same write as the change that caused it.</summary>
/// <param name="Type">The name, for example <c>invoice.issued</c>.</param>
/// <param name="SubjectId">The thing it happened to, for example <c>inv_…</c>.</param>
/// <param name="At">When it happened.</param>
/// <param name="Data">What a handler needs to carry it out, as JSON.</param>
public record BillingEvent(string Type, string SubjectId, Instant At, string Data = "{}");
