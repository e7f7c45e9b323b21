using BillApis.Ledger;
using BillApis.TigerBeetle.Native;
using NodaTime;

namespace BillApis.TigerBeetle;

/// <summary>Our transfers as TigerBeetle's: the cause and the time of business stand in the user data, the kind in the code.</summary>
internal static class TransferCodec
{
    // TigerBeetle takes a 0 for "as in the pending transfer"; no instant becomes that.
    private const ulong Sign = 1UL << 63;

    public static TbTransfer Encode(Transfer transfer, Tag cause, TenantBits tenant, Opened debit, UInt128 credit) =>
        new()
        {
            Id = tenant.IdOf(transfer.Id),
            DebitAccountId = debit.Id,
            CreditAccountId = credit,
            Amount = transfer.Step switch
            {
                TransferStep.Void => 0,
                TransferStep.Post when transfer.Amount == Transfer.WholePending => UInt128.MaxValue,
                _ => (UInt128)transfer.Amount,
            },
            PendingId = transfer.Pending is { } pending ? tenant.IdOf(pending) : 0,
            UserData128 = cause.Value,
            UserData64 = unchecked((ulong)(transfer.At.ToUnixTimeTicks() / 10)) ^ Sign,
            UserData32 = cause.Form,
            Timeout = (uint)transfer.TimeoutSeconds,
            Ledger = debit.Ledger,

            // TigerBeetle takes an amount of 0; a code of 0 it refuses, at the place where we refuse the amount.
            Code = transfer.Amount == 0 ? (ushort)0 : (ushort)transfer.Kind,
            Flags = FlagsOf(transfer),
        };

    public static Transfer Decode(TbTransfer row, TenantBits tenant, Account debit, Account credit) => new()
    {
        Id = tenant.TransferOf(row.Id),
        Debit = debit,
        Credit = credit,
        Amount = checked((long)row.Amount),
        At = AtOf(row),
        Kind = (TransferKind)row.Code,
        Cause = new Tag(row.UserData128, row.UserData32).ToString()!,
        Linked = row.Flags.HasFlag(TbTransferFlags.Linked),
        Step = row.Flags.HasFlag(TbTransferFlags.Pending) ? TransferStep.Pending
            : row.Flags.HasFlag(TbTransferFlags.PostPending) ? TransferStep.Post
            : row.Flags.HasFlag(TbTransferFlags.VoidPending) ? TransferStep.Void
            : TransferStep.Immediate,
        Pending = row.PendingId == 0 ? null : tenant.TransferOf(row.PendingId),
        TimeoutSeconds = (int)row.Timeout,
        Closes = (row.Flags.HasFlag(TbTransferFlags.ClosingDebit) ? ClosedAccounts.Debit : ClosedAccounts.None)
            | (row.Flags.HasFlag(TbTransferFlags.ClosingCredit) ? ClosedAccounts.Credit : ClosedAccounts.None),
    };

    /// <summary>When the transfer happened, in business.</summary>
    public static Instant AtOf(in TbTransfer row) => Instant.FromUnixTimeTicks(unchecked((long)(row.UserData64 ^ Sign)) * 10);

    /// <summary>Whether its amount counts in the posted balances.</summary>
    public static bool Posts(in TbTransfer row) => (row.Flags & (TbTransferFlags.Pending | TbTransferFlags.VoidPending)) == 0;

    /// <summary>Whether a stored transfer is what was sent.</summary>
    public static bool IsSame(TbTransfer sent, TbTransfer stored, UInt128? pendingAmount)
    {
        var whole = sent.Flags.HasFlag(TbTransferFlags.VoidPending) || (sent.Flags.HasFlag(TbTransferFlags.PostPending) && sent.Amount == UInt128.MaxValue);
        return sent with { Amount = whole ? pendingAmount ?? 0 : sent.Amount, Timestamp = stored.Timestamp } is var expected && EqualityComparer<TbTransfer>.Default.Equals(expected, stored);
    }

    public static TransferResult ResultOf(TbResult result) => (TbTransferStatus)result.Status switch
    {
        TbTransferStatus.Created => TransferResult.Created,
        TbTransferStatus.LinkedEventFailed => TransferResult.LinkedFailed,
        TbTransferStatus.LinkedEventChainOpen => TransferResult.LinkedChainOpen,
        TbTransferStatus.ExistsWithDifferentFlags => TransferResult.ExistsDifferentStep,
        TbTransferStatus.ExistsWithDifferentPendingId => TransferResult.ExistsDifferentPending,
        TbTransferStatus.ExistsWithDifferentTimeout => TransferResult.ExistsDifferentTimeout,
        TbTransferStatus.ExistsWithDifferentDebitAccountId => TransferResult.ExistsDifferentDebit,
        TbTransferStatus.ExistsWithDifferentCreditAccountId => TransferResult.ExistsDifferentCredit,
        TbTransferStatus.ExistsWithDifferentAmount => TransferResult.ExistsDifferentAmount,
        TbTransferStatus.ExistsWithDifferentUserData128 or TbTransferStatus.ExistsWithDifferentUserData32 => TransferResult.ExistsDifferentCause,
        TbTransferStatus.ExistsWithDifferentUserData64 => TransferResult.ExistsDifferentTime,
        TbTransferStatus.ExistsWithDifferentCode => TransferResult.ExistsDifferentKind,
        TbTransferStatus.Exists => TransferResult.Exists,
        TbTransferStatus.IdAlreadyFailed => TransferResult.IdAlreadyFailed,
        TbTransferStatus.AccountsMustBeDifferent => TransferResult.AccountsSame,
        TbTransferStatus.CodeMustNotBeZero => TransferResult.AmountNotPositive,
        TbTransferStatus.AccountsMustHaveTheSameLedger => TransferResult.AssetsDiffer,
        TbTransferStatus.PendingTransferNotFound => TransferResult.PendingNotFound,
        TbTransferStatus.PendingTransferNotPending => TransferResult.PendingNotPending,
        TbTransferStatus.PendingTransferHasDifferentDebitAccountId => TransferResult.PendingDifferentDebit,
        TbTransferStatus.PendingTransferHasDifferentCreditAccountId => TransferResult.PendingDifferentCredit,
        TbTransferStatus.PendingTransferHasDifferentCode => TransferResult.PendingDifferentKind,
        TbTransferStatus.ExceedsPendingTransferAmount => TransferResult.ExceedsPending,
        TbTransferStatus.PendingTransferAlreadyPosted => TransferResult.PendingAlreadyPosted,
        TbTransferStatus.PendingTransferAlreadyVoided => TransferResult.PendingAlreadyVoided,
        TbTransferStatus.PendingTransferExpired => TransferResult.PendingExpired,
        TbTransferStatus.DebitAccountAlreadyClosed => TransferResult.DebitClosed,
        TbTransferStatus.CreditAccountAlreadyClosed => TransferResult.CreditClosed,
        >= TbTransferStatus.OverflowsDebitsPending and <= TbTransferStatus.OverflowsCredits => TransferResult.Overflows,
        TbTransferStatus.ExceedsCredits => TransferResult.ExceedsCredits,
        TbTransferStatus.ExceedsDebits => TransferResult.ExceedsDebits,
        var status => throw new InvalidOperationException($"TigerBeetle refused a transfer that this adapter made: {status}."),
    };

    private static TbTransferFlags FlagsOf(Transfer transfer) =>
        (transfer.Linked ? TbTransferFlags.Linked : TbTransferFlags.None)
        | transfer.Step switch
        {
            TransferStep.Pending => TbTransferFlags.Pending,
            TransferStep.Post => TbTransferFlags.PostPending,
            TransferStep.Void => TbTransferFlags.VoidPending,
            _ => TbTransferFlags.None,
        }
        | (transfer.Closes.HasFlag(ClosedAccounts.Debit) ? TbTransferFlags.ClosingDebit : TbTransferFlags.None)
        | (transfer.Closes.HasFlag(ClosedAccounts.Credit) ? TbTransferFlags.ClosingCredit : TbTransferFlags.None);
}
