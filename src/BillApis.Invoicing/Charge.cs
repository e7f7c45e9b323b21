using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A price that falls due: for which quantity of the plan, for which period and which part of it.</summary>
/// <param name="Price">The price.</param>
/// <param name="Quantity">The quantity of a price without a metric.</param>
/// <param name="Period">The half-open period that is charged.</param>
/// <param name="Factor">The part of the whole period that this is.</param>
public sealed record Charge(Price Price, decimal Quantity, Interval Period, ProrationFactor Factor)
{
    /// <summary>The whole period that <see cref="Period"/> is cut from, which usage weighed by time is divided by; the same where nothing is cut.</summary>
    public Interval Full { get; init; } = Period;

    /// <summary>The earliest instant that usage weighed by time is carried from into the period, where <see cref="Full"/> starts before the period that a change cut short; else null.</summary>
    public Instant? CarriedFrom { get; init; }

    /// <summary>The part of the same whole period that was billed before it at the same price and quantity, without a break, where it goes on with that; else null.</summary>
    public ProrationFactor? Before { get; init; }

    /// <summary>Whether it is a part of a fixed price, whose parts add up to the whole.</summary>
    internal bool IsPart => !Price.IsMetered && !Factor.IsWhole;

    /// <summary>Everything that falls due at a boundary of a subscription that keeps its plan, arrears before advance, each in the order of the plan.</summary>
    /// <param name="plan">The version that the subscription is pinned to.</param>
    /// <param name="timeline">The dates and quantities.</param>
    /// <param name="boundary">An instant that <see cref="ChargeSchedule.NextBoundary"/> gave.</param>
    public static IReadOnlyList<Charge> At(PlanVersion plan, Timeline timeline, Instant boundary) => ChargeSchedule.Of(timeline, plan).At(boundary, []).Charges;

    /// <summary>Every price of the plan once, for a period of its own that counts as a whole one.</summary>
    public static IReadOnlyList<Charge> Whole(PlanVersion plan, Interval period)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return [.. plan.Items.Select(item => new Charge(item.Price, item.Quantity, period, ProrationFactor.Whole))];
    }
}
