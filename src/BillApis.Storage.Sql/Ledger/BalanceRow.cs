using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>A row of <c>billing_account</c>, or the change of one.</summary>
internal sealed record BalanceRow
{
    public string Id { get; init; } = "";
    public required string Code { get; init; }
    public string Kind { get; init; } = "";
    public string Asset { get; init; } = "";
    public string? Owner { get; init; }
    public string Control { get; init; } = "";
    public required long Debits { get; init; }
    public required long Credits { get; init; }

    public static BalanceRow Opened(Account account, string id) => new()
    {
        Id = id,
        Code = account.Code,
        Kind = ChartOfAccounts.NameOf(account.Kind),
        Asset = account.Asset.ToString(),
        Owner = account.Owner,
        Control = account.Control.Code,
        Debits = 0,
        Credits = 0,
    };

    public Balance ToBalance() => new(Account.Parse(Code), Debits, Credits);
}
