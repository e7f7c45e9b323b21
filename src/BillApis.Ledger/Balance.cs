namespace BillApis.Ledger;

/// <summary>All that was debited and credited to an account, in the units of its asset.</summary>
/// <param name="Account">The account, or the one that sums up many.</param>
/// <param name="Debits">The sum of its debits.</param>
/// <param name="Credits">The sum of its credits.</param>
public sealed record Balance(Account Account, long Debits, long Credits)
{
    /// <summary>What the account holds: positive on the side on which its kind grows.</summary>
    public long Net => ChartOfAccounts.NormalSideOf(Account.Kind) is EntrySide.Debit ? Debits - Credits : Credits - Debits;
}
