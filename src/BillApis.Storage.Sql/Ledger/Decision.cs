using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Decides what becomes of each transfer, one after the other, over the state that its transaction has locked.</summary>
/// <param name="accounts">Every account that the transfers touch, by id.</param>
/// <param name="stored">Those of the named transfers that are stored, by id.</param>
/// <param name="pending">Those of the named pending transfers that are stored, by id.</param>
/// <param name="refused">Those of the ids that were used up.</param>
internal sealed class Decision(Dictionary<string, AccountState> accounts, Dictionary<string, TransferRow> stored, Dictionary<string, PendingRow> pending, HashSet<string> refused)
{
    private readonly List<TransferRow> _created = [];

    /// <summary>The transfers to store, with the amounts that they move.</summary>
    public IReadOnlyList<TransferRow> Created => _created;

    /// <summary>The ids that are used up from now on.</summary>
    public HashSet<string> NewlyRefused { get; } = [];

    /// <summary>The pending transfers that are new, and those that were posted or voided.</summary>
    public Dictionary<string, PendingRow> ChangedPending { get; } = [];

    /// <summary>The result of each transfer of a caller's batch; chain by chain, since a chain stands or falls as one.</summary>
    public TransferResult[] Decide(IReadOnlyList<TransferRow> batch)
    {
        var results = new TransferResult[batch.Count];
        for (var start = 0; start < batch.Count;)
        {
            var end = start;
            while (end < batch.Count - 1 && batch[end].Linked != 0)
            {
                end++;
            }

            DecideChain(batch, start, end, results);
            start = end + 1;
        }

        return results;
    }

    private void DecideChain(IReadOnlyList<TransferRow> batch, int start, int end, TransferResult[] results)
    {
        if (end > start && batch[end].Linked == 0 && Enumerable.Range(start, end - start + 1).All(i => Existing(batch[i]) is TransferResult.Exists))
        {
            results.AsSpan(start, end - start + 1).Fill(TransferResult.Exists);
            return;
        }

        var (before, failed) = (_created.Count, false);
        for (var i = start; i <= end; i++)
        {
            results[i] = i == end && batch[i].Linked != 0 ? TransferResult.LinkedChainOpen : failed ? TransferResult.LinkedFailed : DecideOne(batch[i]);
            if (!failed && results[i] is not TransferResult.Created)
            {
                failed = true;
                TakeBack(before);
                results.AsSpan(start, i - start).Fill(TransferResult.LinkedFailed);
            }

            if (results[i].UsesUpId())
            {
                refused.Add(batch[i].Id);
                NewlyRefused.Add(batch[i].Id);
            }
        }
    }

    private TransferResult DecideOne(TransferRow transfer) =>
        Existing(transfer)
        ?? (refused.Contains(transfer.Id) ? TransferResult.IdAlreadyFailed : transfer.Settles ? Settle(transfer) : Move(transfer));

    private TransferResult? Existing(TransferRow transfer) =>
        stored.TryGetValue(transfer.Id, out var existing) ? transfer.CompareTo(existing, transfer.PendingId is { } id && pending.TryGetValue(id, out var row) ? row.Amount : null) : null;

    private TransferResult Move(TransferRow transfer)
    {
        var (debit, credit) = (accounts[transfer.DebitId], accounts[transfer.CreditId]);
        var refusal = debit.Id == credit.Id ? TransferResult.AccountsSame
            : transfer.Amount <= 0 ? TransferResult.AmountNotPositive
            : debit.Asset != credit.Asset ? TransferResult.AssetsDiffer
            : debit.Closed != 0 ? TransferResult.DebitClosed
            : credit.Closed != 0 ? TransferResult.CreditClosed
            : debit.DebitOverflows(transfer.Amount) || credit.CreditOverflows(transfer.Amount) ? TransferResult.Overflows
            : debit.DebitExceeds(transfer.Amount) ? TransferResult.ExceedsCredits
            : credit.CreditExceeds(transfer.Amount) ? TransferResult.ExceedsDebits
            : TransferResult.Created;
        if (refusal is TransferResult.Created)
        {
            if (transfer.IsPending)
            {
                pending[transfer.Id] = ChangedPending[transfer.Id] = PendingRow.Of(transfer);
            }

            Store(transfer);
        }

        return refusal;
    }

    private TransferResult Settle(TransferRow transfer)
    {
        if (!stored.TryGetValue(transfer.PendingId!, out var first))
        {
            return TransferResult.PendingNotFound;
        }

        if (!first.IsPending)
        {
            return TransferResult.PendingNotPending;
        }

        var row = pending[first.Id];
        var amount = transfer.Amount == Transfer.WholePending ? row.Amount : transfer.Amount;
        var posts = transfer.Step == (long)TransferStep.Post;
        var refusal = transfer.DebitId != first.DebitId ? TransferResult.PendingDifferentDebit
            : transfer.CreditId != first.CreditId ? TransferResult.PendingDifferentCredit
            : transfer.Kind != first.Kind ? TransferResult.PendingDifferentKind
            : amount > row.Amount ? TransferResult.ExceedsPending
            : row.State == (long)PendingState.Posted ? TransferResult.PendingAlreadyPosted
            : row.State == (long)PendingState.Voided ? TransferResult.PendingAlreadyVoided
            : row.State == (long)PendingState.Expired ? TransferResult.PendingExpired
            : posts && accounts[first.DebitId].Closed != 0 ? TransferResult.DebitClosed
            : posts && accounts[first.CreditId].Closed != 0 ? TransferResult.CreditClosed
            : TransferResult.Created;
        if (refusal is TransferResult.Created)
        {
            row.State = (long)(posts ? PendingState.Posted : PendingState.Voided);
            ChangedPending[row.Id] = row;
            Store(transfer with { Amount = amount });
        }

        return refusal;
    }

    private void Store(TransferRow transfer)
    {
        stored[transfer.Id] = transfer;
        _created.Add(transfer);
        Apply(transfer, 1);
    }

    // The same as storing, backwards.
    private void TakeBack(int count)
    {
        while (_created.Count > count)
        {
            var transfer = _created[^1];
            _created.RemoveAt(_created.Count - 1);
            stored.Remove(transfer.Id);
            Apply(transfer, -1);
            if (transfer.IsPending)
            {
                pending.Remove(transfer.Id);
                ChangedPending.Remove(transfer.Id);
            }
            else if (transfer.Settles)
            {
                pending[transfer.PendingId!].State = (long)PendingState.Pending;
            }
        }
    }

    private void Apply(TransferRow transfer, int sign)
    {
        var (debit, credit) = (accounts[transfer.DebitId], accounts[transfer.CreditId]);
        var posted = transfer.Posts ? sign * transfer.Amount : 0;
        var row = transfer.IsPending ? pending[transfer.Id] : transfer.Settles ? pending[transfer.PendingId!] : null;
        var held = row is null ? 0 : transfer.IsPending ? sign * row.Amount : -sign * row.Amount;
        (debit.Debits, debit.DebitsPending, debit.Changed) = (debit.Debits + posted, debit.DebitsPending + held, true);
        (credit.Credits, credit.CreditsPending, credit.Changed) = (credit.Credits + posted, credit.CreditsPending + held, true);
        if (row is { Closes: not 0 })
        {
            var closed = held > 0 ? 1 : 0;
            debit.Closed = row.ClosesDebit ? closed : debit.Closed;
            credit.Closed = row.ClosesCredit ? closed : credit.Closed;
        }
    }
}
