using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>What a model prices: usage that was converted, and from which free units are taken already.</summary>
/// <param name="Quantity">The units to price; never negative.</param>
/// <param name="FlatWhenZero">Whether the first tier's flat amount is due for no units.</param>
/// <param name="Events">The events, where the model looks at them.</param>
/// <param name="Semantics">Whose reading is followed.</param>
internal readonly record struct Billable(decimal Quantity, bool FlatWhenZero, ImmutableArray<RatingEvent> Events, SemanticsProfile Semantics)
{
    /// <summary>Whether the events say how much of them is to be paid.</summary>
    public bool IsProrated { get; init; }

    /// <summary>The units to pay: all of them, or the parts that the events say.</summary>
    public decimal Paid => IsProrated ? PaidParts() : Quantity;

    /// <summary>The amount of each event in order; without events, the quantity is the only one, unless there is none.</summary>
    public IEnumerable<decimal> Amounts => !Events.IsDefaultOrEmpty ? Events.Select(item => item.Amount) : Quantity == 0 ? [] : [Quantity];

    private decimal PaidParts() => Events.Aggregate(0m, (sum, item) => Exact.Add(sum, item.ProratedQuantity ?? item.Quantity));
}
