namespace BillApis.Ledger;

/// <summary>All that was debited and credited to an account, in the units of its asset.</summary>
/// <param name="Account">The account, or the one that sums up many.</param>
/// <param name="Debits">The sum of its posted debits.</param>
/// <param name="Credits">The sum of its posted credits.</param>
/// <param name="DebitsPending">The debits that are neither posted nor voided yet.</param>
/// <param name="CreditsPending">The credits that are neither posted nor voided yet.</param>
/// <param name="Closed">Whether a closing transfer keeps it from being moved.</param>
public sealed record Balance(Account Account, long Debits, long Credits, long DebitsPending = 0, long CreditsPending = 0, bool Closed = false)
{
    /// <summary>What the account holds: positive on the side on which its kind grows.</summary>
    public long Net => ChartOfAccounts.NormalSideOf(Account.Kind) is EntrySide.Debit ? Debits - Credits : Credits - Debits;
}

/// <summary>A balance that the ledger keeps otherwise than its transfers give.</summary>
/// <param name="Kept">What the ledger keeps.</param>
/// <param name="Counted">What the transfers give.</param>
public sealed record BalanceDifference(Balance Kept, Balance Counted);
