namespace BillApis.Ledger;

/// <summary>A transfer as seen from one of its accounts.</summary>
/// <param name="Transfer">The whole transfer.</param>
/// <param name="Side">The side on which the account stands.</param>
public sealed record Entry(Transfer Transfer, EntrySide Side)
{
    /// <summary>The account on the other side.</summary>
    public Account Counterpart => Side is EntrySide.Debit ? Transfer.Credit : Transfer.Debit;
}
