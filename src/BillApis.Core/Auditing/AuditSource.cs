using NodaTime;

namespace BillApis.Auditing;

/// <summary>Who causes what is stored now: set for the length of a request that changes something, and seen by the stores.</summary>
/// <param name="Actor">The id of the user or the API key, or <see cref="Anonymous"/>.</param>
/// <param name="Request">The request's id.</param>
/// <param name="Address">Where the request came from.</param>
/// <param name="At">When, in real time.</param>
internal sealed record AuditSource(string Actor, string Request, string? Address, Instant At)
{
    public const string Anonymous = "anonymous";
    private static readonly AsyncLocal<AuditSource?> Ambient = new();

    /// <summary>Null where nobody in particular is the cause, as in the worker.</summary>
    public static AuditSource? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }
}
