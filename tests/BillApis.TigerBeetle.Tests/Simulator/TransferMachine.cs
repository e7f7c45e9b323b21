using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle.Tests.Simulator;

/// <summary><c>create_transfers</c>: each event after the other, chains undone where they break.</summary>
internal sealed class TransferMachine(Dictionary<UInt128, TbAccount> accounts, Func<ulong> timestamp)
{
    private const ulong Second = 1_000_000_000;
    private readonly HashSet<UInt128> _failed = [];
    private readonly Stack<Action> _undo = [];

    // Where a pending transfer stands: null while it is pending.
    private readonly Dictionary<UInt128, TbTransferStatus?> _settled = [];

    public Dictionary<UInt128, TbTransfer> Stored { get; } = [];

    public TbResult[] Create(TbTransfer[] events)
    {
        var results = new TbResult[events.Length];
        for (int i = 0, start = 0; i < events.Length; i++)
        {
            if (i == 0 || !events[i - 1].Flags.HasFlag(TbTransferFlags.Linked))
            {
                start = i;
                _undo.Clear();
            }

            var broken = i > start && results[i - 1].Status is not (uint)TbTransferStatus.Created;
            var status = i == events.Length - 1 && events[i].Flags.HasFlag(TbTransferFlags.Linked) ? TbTransferStatus.LinkedEventChainOpen
                : broken ? TbTransferStatus.LinkedEventFailed
                : CreateOne(events[i]);
            results[i] = new TbResult { Status = (uint)status, Timestamp = Stored.TryGetValue(events[i].Id, out var stored) ? stored.Timestamp : 0 };
            if (status is not TbTransferStatus.Created && !broken)
            {
                Undo(results.AsSpan(start, i - start));
            }

            if (status is TbTransferStatus.DebitAccountNotFound or TbTransferStatus.CreditAccountNotFound or TbTransferStatus.PendingTransferNotFound or TbTransferStatus.ExceedsCredits
                or TbTransferStatus.ExceedsDebits or TbTransferStatus.DebitAccountAlreadyClosed or TbTransferStatus.CreditAccountAlreadyClosed)
            {
                _failed.Add(events[i].Id);
            }
        }

        return results;
    }

    /// <summary>What the cluster does by itself once in a while.</summary>
    public void Expire(ulong now)
    {
        foreach (var row in Stored.Values.Where(row => row.Timeout > 0 && _settled.TryGetValue(row.Id, out var state) && state is null && row.Timestamp + (row.Timeout * Second) <= now).ToList())
        {
            _settled[row.Id] = TbTransferStatus.PendingTransferExpired;
            Hold(row, release: true);
        }
    }

    private void Undo(Span<TbResult> chain)
    {
        while (_undo.TryPop(out var undo))
        {
            undo();
        }

        foreach (ref var result in chain)
        {
            result.Status = (uint)TbTransferStatus.LinkedEventFailed;
        }
    }

    private TbTransferStatus CreateOne(TbTransfer row)
    {
        if (row.Id == 0 || row.Id == UInt128.MaxValue || row.Timestamp != 0)
        {
            throw new InvalidOperationException("The adapter must never send this.");
        }

        if (Stored.TryGetValue(row.Id, out var existing))
        {
            return Compare(row, existing);
        }

        return _failed.Contains(row.Id) ? TbTransferStatus.IdAlreadyFailed : Settles(row) ? Settle(row) : Move(row);
    }

    private TbTransferStatus Compare(TbTransfer row, TbTransfer existing)
    {
        var pending = Stored.GetValueOrDefault(row.PendingId);
        var whole = row.Flags.HasFlag(TbTransferFlags.VoidPending) ? row.Amount == 0 : row.Flags.HasFlag(TbTransferFlags.PostPending) && row.Amount == UInt128.MaxValue;
        return row.Flags != existing.Flags ? TbTransferStatus.ExistsWithDifferentFlags
            : row.PendingId != existing.PendingId ? TbTransferStatus.ExistsWithDifferentPendingId
            : row.Timeout != existing.Timeout ? TbTransferStatus.ExistsWithDifferentTimeout
            : row.DebitAccountId != existing.DebitAccountId ? TbTransferStatus.ExistsWithDifferentDebitAccountId
            : row.CreditAccountId != existing.CreditAccountId ? TbTransferStatus.ExistsWithDifferentCreditAccountId
            : (whole ? pending.Amount : row.Amount) != existing.Amount ? TbTransferStatus.ExistsWithDifferentAmount
            : row.UserData128 != existing.UserData128 ? TbTransferStatus.ExistsWithDifferentUserData128
            : row.UserData64 != existing.UserData64 ? TbTransferStatus.ExistsWithDifferentUserData64
            : row.UserData32 != existing.UserData32 ? TbTransferStatus.ExistsWithDifferentUserData32
            : row.Code != existing.Code ? TbTransferStatus.ExistsWithDifferentCode
            : TbTransferStatus.Exists;
    }

    private TbTransferStatus Move(TbTransfer row)
    {
        if (row.DebitAccountId == row.CreditAccountId)
        {
            return TbTransferStatus.AccountsMustBeDifferent;
        }

        if (row.Code == 0)
        {
            return TbTransferStatus.CodeMustNotBeZero;
        }

        if (!accounts.TryGetValue(row.DebitAccountId, out var debit))
        {
            return TbTransferStatus.DebitAccountNotFound;
        }

        if (!accounts.TryGetValue(row.CreditAccountId, out var credit))
        {
            return TbTransferStatus.CreditAccountNotFound;
        }

        var status = debit.Ledger != credit.Ledger ? TbTransferStatus.AccountsMustHaveTheSameLedger
            : row.Ledger != debit.Ledger ? throw new InvalidOperationException("The ledger must be that of the accounts.")
            : debit.Flags.HasFlag(TbAccountFlags.Closed) ? TbTransferStatus.DebitAccountAlreadyClosed
            : credit.Flags.HasFlag(TbAccountFlags.Closed) ? TbTransferStatus.CreditAccountAlreadyClosed
            : UInt128.MaxValue - debit.DebitsPending - debit.DebitsPosted < row.Amount ? TbTransferStatus.OverflowsDebits
            : UInt128.MaxValue - credit.CreditsPending - credit.CreditsPosted < row.Amount ? TbTransferStatus.OverflowsCredits
            : debit.Flags.HasFlag(TbAccountFlags.DebitsMustNotExceedCredits) && debit.DebitsPending + debit.DebitsPosted + row.Amount > debit.CreditsPosted ? TbTransferStatus.ExceedsCredits
            : credit.Flags.HasFlag(TbAccountFlags.CreditsMustNotExceedDebits) && credit.CreditsPending + credit.CreditsPosted + row.Amount > credit.DebitsPosted ? TbTransferStatus.ExceedsDebits
            : TbTransferStatus.Created;
        if (status is TbTransferStatus.Created)
        {
            Store(row);
            if (row.Flags.HasFlag(TbTransferFlags.Pending))
            {
                _settled[row.Id] = null;
                Hold(row, release: false);
            }
            else
            {
                Post(row);
            }
        }

        return status;
    }

    private TbTransferStatus Settle(TbTransfer row)
    {
        if (!Stored.TryGetValue(row.PendingId, out var pending))
        {
            return TbTransferStatus.PendingTransferNotFound;
        }

        if (!pending.Flags.HasFlag(TbTransferFlags.Pending))
        {
            return TbTransferStatus.PendingTransferNotPending;
        }

        var voids = row.Flags.HasFlag(TbTransferFlags.VoidPending);
        var amount = voids ? row.Amount == 0 ? pending.Amount : row.Amount : row.Amount == UInt128.MaxValue ? pending.Amount : row.Amount;
        var status = row.DebitAccountId != pending.DebitAccountId ? TbTransferStatus.PendingTransferHasDifferentDebitAccountId
            : row.CreditAccountId != pending.CreditAccountId ? TbTransferStatus.PendingTransferHasDifferentCreditAccountId
            : row.Ledger != pending.Ledger ? TbTransferStatus.PendingTransferHasDifferentLedger
            : row.Code != 0 && row.Code != pending.Code ? TbTransferStatus.PendingTransferHasDifferentCode
            : amount > pending.Amount ? TbTransferStatus.ExceedsPendingTransferAmount
            : voids && amount < pending.Amount ? TbTransferStatus.PendingTransferHasDifferentAmount
            : _settled[pending.Id] is { } settled ? settled
            : !voids && accounts[pending.DebitAccountId].Flags.HasFlag(TbAccountFlags.Closed) ? TbTransferStatus.DebitAccountAlreadyClosed
            : !voids && accounts[pending.CreditAccountId].Flags.HasFlag(TbAccountFlags.Closed) ? TbTransferStatus.CreditAccountAlreadyClosed
            : TbTransferStatus.Created;
        if (status is TbTransferStatus.Created)
        {
            Store(row with { Amount = amount, Code = pending.Code });
            Remember(() => _settled[pending.Id] = null);
            _settled[pending.Id] = voids ? TbTransferStatus.PendingTransferAlreadyVoided : TbTransferStatus.PendingTransferAlreadyPosted;
            Hold(pending, release: true);
            if (!voids)
            {
                Post(row with { Amount = amount });
            }
        }

        return status;
    }

    private static bool Settles(TbTransfer row) => (row.Flags & (TbTransferFlags.PostPending | TbTransferFlags.VoidPending)) != 0;

    private void Store(TbTransfer row)
    {
        row.Timestamp = timestamp();
        Stored[row.Id] = row;
        Remember(() => Stored.Remove(row.Id));
    }

    private void Post(TbTransfer row)
    {
        Change(row.DebitAccountId, account => account with { DebitsPosted = account.DebitsPosted + row.Amount });
        Change(row.CreditAccountId, account => account with { CreditsPosted = account.CreditsPosted + row.Amount });
    }

    private void Hold(TbTransfer row, bool release)
    {
        Change(row.DebitAccountId, account => account with
        {
            DebitsPending = release ? account.DebitsPending - row.Amount : account.DebitsPending + row.Amount,
            Flags = row.Flags.HasFlag(TbTransferFlags.ClosingDebit) ? account.Flags ^ TbAccountFlags.Closed : account.Flags,
        });
        Change(row.CreditAccountId, account => account with
        {
            CreditsPending = release ? account.CreditsPending - row.Amount : account.CreditsPending + row.Amount,
            Flags = row.Flags.HasFlag(TbTransferFlags.ClosingCredit) ? account.Flags ^ TbAccountFlags.Closed : account.Flags,
        });
    }

    private void Change(UInt128 id, Func<TbAccount, TbAccount> change)
    {
        var before = accounts[id];
        accounts[id] = change(before);
        Remember(() => accounts[id] = before);
    }

    private void Remember(Action undo) => _undo.Push(undo);
}
