using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Units of usage that a customer may use up, as an allowance gives them.</summary>
/// <param name="Id">Tells the grants of a customer apart.</param>
/// <param name="Amount">How many units it starts with, and what each of its periods fills it up to.</param>
/// <param name="Period">When it counts.</param>
/// <param name="Priority">The smaller is used first.</param>
public sealed record UnitGrant(string Id, decimal Amount, GrantPeriod Period, int Priority = CreditGrant.DefaultPriority)
{
    /// <summary>How long its own periods are; null where it has none.</summary>
    public BillingInterval? Every { get; init; }

    /// <summary>What its periods are counted from; its start where null.</summary>
    public Instant? Anchor { get; init; }

    /// <summary>The least that a reset leaves, even of nothing.</summary>
    public decimal RolloverMin { get; init; }

    /// <summary>The most that a reset leaves.</summary>
    public decimal RolloverMax { get; init; }

    /// <summary>Its place in the order of use.</summary>
    public BurnKey Key => new(Priority, Period.ExpiresAt, 0, CreditCategory.Promotional, Period.EffectiveAt, Id);

    /// <summary>When it changes by itself after an instant and until another, both ends as named: its start, its periods, its end.</summary>
    internal IEnumerable<Instant> Changes(Instant after, Instant until)
    {
        var end = Period.EndsAt ?? Instant.MaxValue;
        var refills = Every is { } every ? new BillingSchedule(DateTimeZone.Utc, Period.EffectiveAt, BillingAnchor.At(Anchor ?? Period.EffectiveAt), every) : null;
        for (var next = refills?.NextBoundary(Instant.Max(after, Period.EffectiveAt)); next <= until && next < end; next = refills!.NextBoundary(next.Value))
        {
            yield return next.Value;
        }

        foreach (var edge in new[] { Period.EffectiveAt, end }.Where(edge => edge > after && edge <= until))
        {
            yield return edge;
        }
    }
}

/// <summary>Units that were used at an instant.</summary>
/// <param name="At">When.</param>
/// <param name="Amount">How many.</param>
public readonly record struct UnitUsage(Instant At, decimal Amount);

/// <summary>What is left of units, and what was used.</summary>
public sealed record UnitBalance
{
    /// <summary>What is left of each grant that has started.</summary>
    public ImmutableSortedDictionary<string, decimal> Left { get; init; } = ImmutableSortedDictionary<string, decimal>.Empty;

    /// <summary>What was used and no grant has covered yet.</summary>
    public decimal Overage { get; init; }

    /// <summary>What was used since the last reset.</summary>
    public decimal Usage { get; init; }

    /// <summary>What grants have covered.</summary>
    public decimal Covered { get; init; }

    /// <summary>What is left of all grants together.</summary>
    public decimal Total => Left.Values.Sum();
}
