using System.Collections.Immutable;
using BillApis.Ledger;
using NodaTime;

namespace BillApis;

/// <summary>What moved an account in a span of time, between its balances.</summary>
/// <param name="Account">The account.</param>
/// <param name="Period">The half-open span.</param>
/// <param name="Opening">The balance before it, on the account's normal side, in units of its asset.</param>
/// <param name="Lines">What moved it, oldest first.</param>
/// <param name="Closing">The balance at its end.</param>
public sealed record AccountStatement(Account Account, Interval Period, long Opening, ImmutableArray<StatementLine> Lines, long Closing);

/// <summary>One movement on a statement.</summary>
/// <param name="Entry">What moved.</param>
/// <param name="Balance">The balance after it.</param>
public sealed record StatementLine(Entry Entry, long Balance);
