using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>When a grant counts: from an instant that is included until one that is not.</summary>
/// <param name="EffectiveAt">From when it counts.</param>
/// <param name="ExpiresAt">Until when; null for ever.</param>
/// <param name="VoidedAt">When it was withdrawn; null where it was not.</param>
public readonly record struct GrantPeriod(Instant EffectiveAt, Instant? ExpiresAt = null, Instant? VoidedAt = null)
{
    /// <summary>When it ends, by whichever comes first and not before it began; null where it never does.</summary>
    [JsonIgnore]
    public Instant? EndsAt => (VoidedAt is { } voided && !(ExpiresAt <= voided) ? voided : ExpiresAt) is { } end ? Instant.Max(EffectiveAt, end) : null;

    /// <summary>Whether it counts at an instant.</summary>
    public bool IsActiveAt(Instant at) => at >= EffectiveAt && !(at >= EndsAt);
}
