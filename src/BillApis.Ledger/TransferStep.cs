namespace BillApis.Ledger;

/// <summary>How a transfer moves its amount: at once, or in two steps.</summary>
public enum TransferStep
{
    /// <summary>Posts at once.</summary>
    Immediate = 0,

    /// <summary>Sets the amount aside until another transfer posts or voids it, or its time is over.</summary>
    Pending = 1,

    /// <summary>Posts a pending transfer, or a part of it and gives the rest back.</summary>
    Post = 2,

    /// <summary>Gives a pending transfer back.</summary>
    Void = 3,
}

/// <summary>Which accounts a pending transfer closes until it is voided.</summary>
[Flags]
public enum ClosedAccounts
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>The debited account.</summary>
    Debit = 1,

    /// <summary>The credited account.</summary>
    Credit = 2,
}
