using System.Globalization;
using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>A row of <c>billing_transfer</c>.</summary>
internal sealed record TransferRow
{
    /// <summary>What <see cref="Content"/> is of a stored row, in SQL.</summary>
    public const string StoredContent = "t.debit_id || ' ' || t.credit_id || ' ' || t.asset || ' ' || t.amount || ' ' || t.at || ' ' || t.kind || ' ' || t.cause";

    public required string Id { get; init; }
    public required string DebitId { get; init; }
    public required string CreditId { get; init; }
    public required string Asset { get; init; }
    public required long Amount { get; init; }
    public required long At { get; init; }
    public required long Kind { get; init; }
    public required string Cause { get; init; }

    /// <summary>All but the id: two transfers of one id are the very same where this is equal.</summary>
    public string Content => string.Create(CultureInfo.InvariantCulture, $"{DebitId} {CreditId} {Asset} {Amount} {At} {Kind} {Cause}");

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
