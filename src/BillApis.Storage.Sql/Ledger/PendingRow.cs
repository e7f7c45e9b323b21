using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Where a pending transfer stands.</summary>
internal enum PendingState
{
    Pending = 0,
    Posted = 1,
    Voided = 2,
    Expired = 3,
}

/// <summary>A row of <c>billing_transfer_pending</c>; its state moves while a batch is decided.</summary>
internal sealed record PendingRow
{
    public required string Id { get; init; }
    public required string DebitId { get; init; }
    public required string CreditId { get; init; }
    public required long Amount { get; init; }
    public required long Closes { get; init; }
    public required long State { get; set; }

    public static PendingRow Of(TransferRow transfer) => new()
    {
        Id = transfer.Id,
        DebitId = transfer.DebitId,
        CreditId = transfer.CreditId,
        Amount = transfer.Amount,
        Closes = transfer.Closes,
        State = (long)PendingState.Pending,
    };

    public bool ClosesDebit => ((ClosedAccounts)Closes).HasFlag(ClosedAccounts.Debit);

    public bool ClosesCredit => ((ClosedAccounts)Closes).HasFlag(ClosedAccounts.Credit);
}
