using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>What was used, to be priced.</summary>
/// <param name="Quantity">How many units; for a price of the events' amounts, their sum.</param>
public readonly record struct RatingInput(decimal Quantity)
{
    private readonly ImmutableArray<RatingEvent> _events;

    /// <summary>The events, or their totals by group, where the price looks at them; otherwise empty.</summary>
    public ImmutableArray<RatingEvent> Events
    {
        get => _events.IsDefault ? [] : _events;
        init => _events = value;
    }

    /// <summary>Whether there is nothing but a quantity, and not a negative one.</summary>
    internal bool IsPlain => _events.IsDefaultOrEmpty && !decimal.IsNegative(Quantity);

    /// <summary>The usage that these events add up to.</summary>
    /// <param name="events">Events in the order in which they happened.</param>
    public static RatingInput Of(ImmutableArray<RatingEvent> events) =>
        new(events.Aggregate(0m, (sum, item) => Exact.Add(sum, item.Quantity))) { Events = events };
}

/// <summary>One event, or the total of many, as a price sees it.</summary>
/// <param name="Amount">The money that it carries, for percentage and dynamic prices.</param>
/// <param name="Quantity">The units that it adds.</param>
/// <param name="Properties">The dimension values that choose its group or its cell.</param>
public sealed record RatingEvent(decimal Amount, decimal Quantity, ImmutableSortedDictionary<string, string> Properties)
{
    /// <summary>The units to charge for, where these were there for a part of the period only: the full quantity chooses tiers, this one is paid.</summary>
    public decimal? ProratedQuantity { get; init; }
}
