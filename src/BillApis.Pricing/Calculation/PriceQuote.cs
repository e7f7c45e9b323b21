using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>What a price would charge for some usage; nothing is stored.</summary>
public sealed record PriceQuote
{
    /// <summary>The unrounded amount, minimum, maximum and proration included.</summary>
    public required decimal Amount { get; init; }

    /// <summary>The amount as the lines of an invoice would have it, each rounded for itself.</summary>
    public required decimal AmountRounded { get; init; }

    /// <summary>The currency of both.</summary>
    public required Currency Currency { get; init; }

    /// <summary>The amount of one unit on average, to 12 digits, or 0 where there are none.</summary>
    public required decimal UnitAmountEffective { get; init; }

    /// <summary>How many units the quantity came to, after conversion and free units; for amounts of events, what was not free.</summary>
    public required decimal BilledQuantity { get; init; }

    /// <summary>What each tier contributed.</summary>
    public required ImmutableArray<RatedTier> Tiers { get; init; }

    /// <summary>What each group contributed, where the price groups; otherwise empty.</summary>
    public required ImmutableArray<QuotedGroup> Groups { get; init; }

    /// <summary>The line that an invoice adds to come up to the minimum.</summary>
    public required decimal MinimumAdjustment { get; init; }

    /// <summary>The line that an invoice adds to come down to the maximum; 0 or negative.</summary>
    public required decimal MaximumAdjustment { get; init; }

    /// <summary>The part of a whole period, as an exact ratio like <c>17/31</c>; null for a whole one.</summary>
    public required string? ProrationFactor { get; init; }

    /// <summary>How the amount came about, one sentence a step.</summary>
    public required ImmutableArray<string> Steps { get; init; }
}

/// <summary>What one combination of dimension values would be charged.</summary>
/// <param name="Key">The value of each dimension.</param>
/// <param name="Quantity">How many units it used.</param>
/// <param name="Amount">What they cost, unrounded.</param>
public sealed record QuotedGroup(ImmutableSortedDictionary<string, string?> Key, decimal Quantity, decimal Amount);
