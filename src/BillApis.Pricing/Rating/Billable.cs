namespace BillApis.Pricing;

/// <summary>What a model prices: usage from which free units are taken already.</summary>
/// <param name="Quantity">The units to price; never negative.</param>
/// <param name="FlatWhenZero">Whether the first tier's flat amount is due for no units.</param>
internal readonly record struct Billable(decimal Quantity, bool FlatWhenZero);
