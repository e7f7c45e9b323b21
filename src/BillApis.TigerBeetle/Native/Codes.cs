namespace BillApis.TigerBeetle.Native;

/// <summary><c>TB_OPERATION</c> of release 0.17.</summary>
internal enum TbOperation : byte
{
    LookupAccounts = 140,
    LookupTransfers = 141,
    GetAccountTransfers = 142,
    GetAccountBalances = 143,
    QueryAccounts = 144,
    QueryTransfers = 145,
    CreateAccounts = 146,
    CreateTransfers = 147,
}

/// <summary><c>TB_PACKET_STATUS</c>.</summary>
internal enum TbPacketStatus : byte
{
    Ok = 0,
    TooMuchData = 1,
    ClientEvicted = 2,
    ClientReleaseTooLow = 3,
    ClientReleaseTooHigh = 4,
    ClientShutdown = 5,
    InvalidOperation = 6,
    InvalidDataSize = 7,
}

/// <summary><c>TB_INIT_STATUS</c>.</summary>
internal enum TbInitStatus
{
    Success = 0,
    Unexpected = 1,
    OutOfMemory = 2,
    AddressInvalid = 3,
    AddressLimitExceeded = 4,
    SystemResources = 5,
    NetworkSubsystem = 6,
}

/// <summary><c>TB_ACCOUNT_FLAGS</c>.</summary>
[Flags]
internal enum TbAccountFlags : ushort
{
    None = 0,
    Linked = 1 << 0,
    DebitsMustNotExceedCredits = 1 << 1,
    CreditsMustNotExceedDebits = 1 << 2,
    History = 1 << 3,
    Imported = 1 << 4,
    Closed = 1 << 5,
}

/// <summary><c>TB_TRANSFER_FLAGS</c>.</summary>
[Flags]
internal enum TbTransferFlags : ushort
{
    None = 0,
    Linked = 1 << 0,
    Pending = 1 << 1,
    PostPending = 1 << 2,
    VoidPending = 1 << 3,
    BalancingDebit = 1 << 4,
    BalancingCredit = 1 << 5,
    ClosingDebit = 1 << 6,
    ClosingCredit = 1 << 7,
    Imported = 1 << 8,
}

/// <summary><c>TB_CREATE_ACCOUNT_STATUS</c>, those that this adapter can cause.</summary>
internal static class TbAccountStatus
{
    public const uint Created = uint.MaxValue;
    public const uint ExistsWithDifferentFlags = 15;
    public const uint ExistsWithDifferentUserData128 = 16;
    public const uint ExistsWithDifferentUserData64 = 17;
    public const uint ExistsWithDifferentUserData32 = 18;
    public const uint ExistsWithDifferentLedger = 19;
    public const uint ExistsWithDifferentCode = 20;
    public const uint Exists = 21;
}

/// <summary><c>TB_CREATE_TRANSFER_STATUS</c>, those that this adapter can cause.</summary>
internal enum TbTransferStatus : uint
{
    Created = uint.MaxValue,
    LinkedEventFailed = 1,
    LinkedEventChainOpen = 2,
    AccountsMustBeDifferent = 12,
    CodeMustNotBeZero = 20,
    DebitAccountNotFound = 21,
    CreditAccountNotFound = 22,
    AccountsMustHaveTheSameLedger = 23,
    PendingTransferNotFound = 25,
    PendingTransferNotPending = 26,
    PendingTransferHasDifferentDebitAccountId = 27,
    PendingTransferHasDifferentCreditAccountId = 28,
    PendingTransferHasDifferentLedger = 29,
    PendingTransferHasDifferentCode = 30,
    ExceedsPendingTransferAmount = 31,
    PendingTransferHasDifferentAmount = 32,
    PendingTransferAlreadyPosted = 33,
    PendingTransferAlreadyVoided = 34,
    PendingTransferExpired = 35,
    ExistsWithDifferentFlags = 36,
    ExistsWithDifferentDebitAccountId = 37,
    ExistsWithDifferentCreditAccountId = 38,
    ExistsWithDifferentAmount = 39,
    ExistsWithDifferentPendingId = 40,
    ExistsWithDifferentUserData128 = 41,
    ExistsWithDifferentUserData64 = 42,
    ExistsWithDifferentUserData32 = 43,
    ExistsWithDifferentTimeout = 44,
    ExistsWithDifferentCode = 45,
    Exists = 46,
    OverflowsDebitsPending = 47,
    OverflowsCreditsPending = 48,
    OverflowsDebitsPosted = 49,
    OverflowsCreditsPosted = 50,
    OverflowsDebits = 51,
    OverflowsCredits = 52,
    ExceedsCredits = 54,
    ExceedsDebits = 55,
    DebitAccountAlreadyClosed = 65,
    CreditAccountAlreadyClosed = 66,
    IdAlreadyFailed = 68,
}
