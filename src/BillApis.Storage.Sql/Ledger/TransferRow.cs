using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>A row of <c>billing_transfer</c>; two transfers are the very same where their rows are equal.</summary>
internal sealed record TransferRow
{
    public const string Columns = "t.id as Id, t.debit_id as DebitId, t.credit_id as CreditId, t.asset as Asset, t.amount as Amount, t.at as At, t.kind as Kind, t.cause as Cause";

    public required string Id { get; init; }
    public required string DebitId { get; init; }
    public required string CreditId { get; init; }
    public required string Asset { get; init; }
    public required long Amount { get; init; }
    public required long At { get; init; }
    public required long Kind { get; init; }
    public required string Cause { get; init; }

    public static TransferRow From(Transfer transfer, Func<Account, string> id) => new()
    {
        Id = transfer.Id.ToString(),
        DebitId = id(transfer.Debit),
        CreditId = id(transfer.Credit),
        Asset = transfer.Asset.ToString(),
        Amount = transfer.Amount,
        At = transfer.At.ToMicroseconds(),
        Kind = (long)transfer.Kind,
        Cause = transfer.Cause,
    };
}

/// <summary>A transfer as it is read: with the codes of its accounts.</summary>
internal sealed record EntryRow
{
    public required string Id { get; init; }
    public required string Debit { get; init; }
    public required string Credit { get; init; }
    public required long Amount { get; init; }
    public required long At { get; init; }
    public required long Kind { get; init; }
    public required string Cause { get; init; }

    public Transfer ToTransfer() => new()
    {
        Id = EntityId.Parse<TransferId>(Id),
        Debit = Account.Parse(Debit),
        Credit = Account.Parse(Credit),
        Amount = Amount,
        At = SqlTime.FromMicroseconds(At),
        Kind = (TransferKind)Kind,
        Cause = Cause,
    };
}
