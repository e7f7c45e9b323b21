namespace BillApis.Ledger;

/// <summary>An account to be opened.</summary>
/// <param name="Account">What it is, from which its id follows.</param>
/// <param name="Limit">What its balance must never do; it holds from then on and never changes.</param>
public sealed record NewAccount(Account Account, BalanceLimit Limit = BalanceLimit.None);

/// <summary>What the balance of an account must never do.</summary>
public enum BalanceLimit
{
    /// <summary>Anything goes.</summary>
    None = 0,

    /// <summary>Debits, pending ones included, must not exceed posted credits.</summary>
    DebitsWithinCredits = 1,

    /// <summary>Credits, pending ones included, must not exceed posted debits.</summary>
    CreditsWithinDebits = 2,
}

/// <summary>What became of one account of a batch.</summary>
public enum OpenResult
{
    /// <summary>It is open now.</summary>
    Opened,

    /// <summary>It was open before, with this very limit: as good as <see cref="Opened"/>.</summary>
    Exists,

    /// <summary>It was open before with another limit, which stays.</summary>
    ExistsDifferentLimit,
}
