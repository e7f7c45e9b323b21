using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Ledger;

/// <summary>Every account of the general ledger; the debits and credits of each asset have the same sum.</summary>
/// <param name="AsOf">The last instant that is counted, or null for all that is posted.</param>
/// <param name="Lines">One line for each account, by code.</param>
public sealed record TrialBalance(Instant? AsOf, ImmutableArray<Balance> Lines)
{
    /// <summary>The sums by asset.</summary>
    public IEnumerable<(Asset Asset, long Debits, long Credits)> Totals =>
        Lines.GroupBy(line => line.Account.Asset).Select(lines => (lines.Key, lines.Sum(line => line.Debits), lines.Sum(line => line.Credits)));
}
