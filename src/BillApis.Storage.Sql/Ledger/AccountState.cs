using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>An account whose row is locked: what it holds, and what the batch that is being decided adds to that.</summary>
internal sealed record AccountState
{
    public required string Id { get; init; }
    public required string Control { get; init; }
    public required string Asset { get; init; }
    public required long Debits { get; set; }
    public required long Credits { get; set; }
    public required long DebitsPending { get; set; }
    public required long CreditsPending { get; set; }
    public required long LimitKind { get; init; }
    public required long Closed { get; set; }

    /// <summary>Whether the batch changed it.</summary>
    public bool Changed { get; set; }

    /// <summary>An account as if it held nothing and had no limit: what the batch adds to it is what it holds then.</summary>
    public static AccountState Fresh(AccountName name) => new()
    {
        Id = name.Id,
        Control = name.Control,
        Asset = name.Asset,
        Debits = 0,
        Credits = 0,
        DebitsPending = 0,
        CreditsPending = 0,
        LimitKind = 0,
        Closed = 0,
    };

    public bool DebitOverflows(long amount) => (UInt128)(ulong)Debits + (ulong)DebitsPending + (ulong)amount > long.MaxValue;

    public bool CreditOverflows(long amount) => (UInt128)(ulong)Credits + (ulong)CreditsPending + (ulong)amount > long.MaxValue;

    /// <summary>Whether debiting so much more would break its limit; asked where nothing overflows.</summary>
    public bool DebitExceeds(long amount) => LimitKind == (long)BalanceLimit.DebitsWithinCredits && Debits + DebitsPending + amount > Credits;

    public bool CreditExceeds(long amount) => LimitKind == (long)BalanceLimit.CreditsWithinDebits && Credits + CreditsPending + amount > Debits;
}
