using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>What a metric counted for a charge.</summary>
/// <param name="Group">The values of the price's dimensions; empty for all usage together.</param>
/// <param name="Quantity">How much, exact.</param>
/// <param name="Events">From how many events.</param>
public sealed record MeteredQuantity(ImmutableSortedDictionary<string, string?> Group, decimal Quantity, long Events = 0);
