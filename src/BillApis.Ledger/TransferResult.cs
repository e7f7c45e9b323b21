namespace BillApis.Ledger;

/// <summary>What became of one transfer of a batch. Where several would fit, the first in this order is given.</summary>
public enum TransferResult
{
    /// <summary>It is stored now.</summary>
    Created,

    /// <summary>Nothing was done, since another transfer that it is linked with was refused.</summary>
    LinkedFailed,

    /// <summary>The last transfer of the batch is linked with a next one that is not there.</summary>
    LinkedChainOpen,

    /// <summary>Another transfer has this id: its step, its link or what it closes differs.</summary>
    ExistsDifferentStep,

    /// <summary>Another transfer has this id: it posts or voids another pending one.</summary>
    ExistsDifferentPending,

    /// <summary>Another transfer has this id: its timeout differs.</summary>
    ExistsDifferentTimeout,

    /// <summary>Another transfer has this id: the debited account differs.</summary>
    ExistsDifferentDebit,

    /// <summary>Another transfer has this id: the credited account differs.</summary>
    ExistsDifferentCredit,

    /// <summary>Another transfer has this id: the amount differs.</summary>
    ExistsDifferentAmount,

    /// <summary>Another transfer has this id: the cause differs.</summary>
    ExistsDifferentCause,

    /// <summary>Another transfer has this id: the time differs.</summary>
    ExistsDifferentTime,

    /// <summary>Another transfer has this id: the sort of business differs.</summary>
    ExistsDifferentKind,

    /// <summary>It was stored before, the very same: as good as <see cref="Created"/>. A chain that is repeated whole is that too.</summary>
    Exists,

    /// <summary>A transfer of this id was refused for the state of the books at that time; try again under a new id.</summary>
    IdAlreadyFailed,

    /// <summary>It would debit and credit the same account.</summary>
    AccountsSame,

    /// <summary>The amount is not more than 0.</summary>
    AmountNotPositive,

    /// <summary>The two accounts do not count the same asset.</summary>
    AssetsDiffer,

    /// <summary>The pending transfer is not there.</summary>
    PendingNotFound,

    /// <summary>The transfer to post or void is not a pending one.</summary>
    PendingNotPending,

    /// <summary>The pending transfer debits another account.</summary>
    PendingDifferentDebit,

    /// <summary>The pending transfer credits another account.</summary>
    PendingDifferentCredit,

    /// <summary>The pending transfer records another sort of business.</summary>
    PendingDifferentKind,

    /// <summary>The amount to post is more than the pending one.</summary>
    ExceedsPending,

    /// <summary>The pending transfer was posted.</summary>
    PendingAlreadyPosted,

    /// <summary>The pending transfer was voided.</summary>
    PendingAlreadyVoided,

    /// <summary>The pending transfer's time is over.</summary>
    PendingExpired,

    /// <summary>The debited account is closed.</summary>
    DebitClosed,

    /// <summary>The credited account is closed.</summary>
    CreditClosed,

    /// <summary>A balance would become larger than the ledger can hold.</summary>
    Overflows,

    /// <summary>The debits of the debited account would exceed its credits.</summary>
    ExceedsCredits,

    /// <summary>The credits of the credited account would exceed its debits.</summary>
    ExceedsDebits,
}

/// <summary>What results mean for the caller.</summary>
public static class TransferResults
{
    /// <summary>Whether the transfer is stored, by this call or an earlier one.</summary>
    public static bool IsStored(this TransferResult result) => result is TransferResult.Created or TransferResult.Exists;

    /// <summary>Whether the refusal depends on the state of the books, and has used up the id.</summary>
    public static bool UsesUpId(this TransferResult result) => result is TransferResult.PendingNotFound or TransferResult.ExceedsCredits or TransferResult.ExceedsDebits or TransferResult.DebitClosed or TransferResult.CreditClosed;
}
