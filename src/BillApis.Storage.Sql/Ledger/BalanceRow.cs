using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>The balance of an account as it is read.</summary>
internal sealed record BalanceRow
{
    public required string Code { get; init; }
    public required long Debits { get; init; }
    public required long Credits { get; init; }
    public long DebitsPending { get; init; }
    public long CreditsPending { get; init; }
    public long Closed { get; init; }

    public bool IsMoved => (Debits | Credits | DebitsPending | CreditsPending) > 0;

    public Balance ToBalance() => new(Account.Parse(Code), Debits, Credits, DebitsPending, CreditsPending, Closed != 0);
}
