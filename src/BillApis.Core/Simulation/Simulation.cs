using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>An invoice of what need not have happened.</summary>
/// <param name="Plan">The plan's id or code; its newest version is taken, published or not.</param>
/// <param name="Period">The half-open period.</param>
/// <param name="Events">What happened in it; all are counted for one customer.</param>
public sealed record Simulation(string Plan, Interval Period, ImmutableArray<UsageEvent> Events)
{
    /// <summary>The customer's id or external id, whose currency, credits and taxes are taken; null for nobody in particular.</summary>
    public string? Customer { get; init; }

    /// <summary>Coupons that count, by id or code, in the order in which they were redeemed.</summary>
    public ImmutableArray<string> Coupons { get; init; } = [];
}
