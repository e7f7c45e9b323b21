using System.Collections.Immutable;
using BillApis.Ledger;
using NodaTime;

namespace BillApis.Conformance;

/// <summary>A ledger that is too simple to be wrong: a list of transfers, and everything counted anew whenever it is asked for.</summary>
internal sealed class LedgerModel
{
    private readonly Dictionary<Account, BalanceLimit> _limits = [];
    private ImmutableList<Transfer> _stored = [];
    private ImmutableHashSet<TransferId> _usedUp = [];

    public IReadOnlyList<OpenResult> Open(IReadOnlyList<NewAccount> accounts) =>
        [.. accounts.Select(item => _limits.TryAdd(item.Account, item.Limit) ? OpenResult.Opened : _limits[item.Account] == item.Limit ? OpenResult.Exists : OpenResult.ExistsDifferentLimit)];

    public IReadOnlyList<TransferResult> Post(IReadOnlyList<Transfer> batch)
    {
        var results = new List<TransferResult>();
        while (results.Count < batch.Count)
        {
            var rest = batch.Skip(results.Count).ToList();
            var length = rest.FindIndex(transfer => !transfer.Linked) + 1;
            results.AddRange(length > 0 ? PostChain(rest[..length], open: false) : PostChain(rest, open: true));
        }

        return results;
    }

    public IReadOnlyList<Balance> Balances(Func<Account, Account> group, Instant? asOf) =>
        [.. _stored.SelectMany(transfer => new[] { transfer.Debit, transfer.Credit }).Distinct().Select(account => BalanceOf(account, asOf))
            .GroupBy(balance => group(balance.Account))
            .Select(all => new Balance(all.Key, all.Sum(one => one.Debits), all.Sum(one => one.Credits), all.Sum(one => one.DebitsPending), all.Sum(one => one.CreditsPending), all.Any(one => one.Closed)))
            .Where(balance => balance.Debits + balance.Credits + balance.DebitsPending + balance.CreditsPending > 0)
            .OrderBy(balance => balance.Account.Code, StringComparer.Ordinal)];

    public IReadOnlyList<Transfer> Entries(Account account) =>
        [.. _stored.Where(transfer => transfer.Debit == account || transfer.Credit == account)
            .OrderByDescending(transfer => transfer.At).ThenByDescending(transfer => transfer.Id.ToString(), StringComparer.Ordinal)];

    private Balance BalanceOf(Account account, Instant? asOf = null)
    {
        var posted = _stored.Where(transfer => transfer.Step is TransferStep.Immediate or TransferStep.Post && !(transfer.At > asOf)).ToList();
        var held = asOf is null ? _stored.Where(transfer => transfer.Step is TransferStep.Pending && Settled(transfer) is null).ToList() : [];
        return new Balance(
            account,
            posted.Where(transfer => transfer.Debit == account).Sum(transfer => transfer.Amount), posted.Where(transfer => transfer.Credit == account).Sum(transfer => transfer.Amount),
            held.Where(transfer => transfer.Debit == account).Sum(transfer => transfer.Amount), held.Where(transfer => transfer.Credit == account).Sum(transfer => transfer.Amount),
            held.Any(transfer => (transfer.Debit == account && transfer.Closes.HasFlag(ClosedAccounts.Debit)) || (transfer.Credit == account && transfer.Closes.HasFlag(ClosedAccounts.Credit))));
    }

    private Transfer? Settled(Transfer pending) => _stored.Find(transfer => transfer.Pending == pending.Id);

    private IEnumerable<TransferResult> PostChain(List<Transfer> chain, bool open)
    {
        if (!open && chain.Count > 1 && chain.TrueForAll(transfer => Existing(transfer) is TransferResult.Exists))
        {
            return chain.Select(_ => TransferResult.Exists);
        }

        var (before, usedUp, results) = (_stored, _usedUp, new List<TransferResult>());
        foreach (var transfer in chain)
        {
            var failed = results.Exists(result => result is not TransferResult.Created);
            results.Add(open && results.Count == chain.Count - 1 ? TransferResult.LinkedChainOpen : failed ? TransferResult.LinkedFailed : PostOne(transfer));
            usedUp = results[^1].UsesUpId() ? usedUp.Add(transfer.Id) : usedUp;
        }

        _usedUp = usedUp;
        if (results.TrueForAll(result => result is TransferResult.Created))
        {
            return results;
        }

        _stored = before;
        return results.Select(result => result is TransferResult.Created ? TransferResult.LinkedFailed : result);
    }

    private TransferResult PostOne(Transfer transfer)
    {
        var result = Existing(transfer) ?? (_usedUp.Contains(transfer.Id) ? TransferResult.IdAlreadyFailed : transfer.Pending is null ? Move(transfer) : Settle(transfer, _stored.Find(stored => stored.Id == transfer.Pending)));
        if (result is TransferResult.Created)
        {
            _stored = _stored.Add(transfer with { Amount = AmountOf(transfer) });
        }

        return result;
    }

    private long AmountOf(Transfer transfer) => transfer.Amount == Transfer.WholePending ? _stored.Find(stored => stored.Id == transfer.Pending)!.Amount : transfer.Amount;

    private TransferResult? Existing(Transfer transfer) => _stored.Find(stored => stored.Id == transfer.Id) is not { } existing ? null
        : (transfer.Step, transfer.Linked, transfer.Closes) != (existing.Step, existing.Linked, existing.Closes) ? TransferResult.ExistsDifferentStep
        : transfer.Pending != existing.Pending ? TransferResult.ExistsDifferentPending
        : transfer.TimeoutSeconds != existing.TimeoutSeconds ? TransferResult.ExistsDifferentTimeout
        : transfer.Debit != existing.Debit ? TransferResult.ExistsDifferentDebit
        : transfer.Credit != existing.Credit ? TransferResult.ExistsDifferentCredit
        : AmountOf(transfer) != existing.Amount ? TransferResult.ExistsDifferentAmount
        : transfer.Cause != existing.Cause ? TransferResult.ExistsDifferentCause
        : transfer.At != existing.At ? TransferResult.ExistsDifferentTime
        : transfer.Kind != existing.Kind ? TransferResult.ExistsDifferentKind
        : TransferResult.Exists;

    private TransferResult Move(Transfer transfer)
    {
        var (debit, credit) = (BalanceOf(transfer.Debit), BalanceOf(transfer.Credit));
        return transfer.Debit == transfer.Credit ? TransferResult.AccountsSame
            : transfer.Amount <= 0 ? TransferResult.AmountNotPositive
            : transfer.Debit.Asset != transfer.Credit.Asset ? TransferResult.AssetsDiffer
            : debit.Closed ? TransferResult.DebitClosed
            : credit.Closed ? TransferResult.CreditClosed
            : _limits.GetValueOrDefault(transfer.Debit) is BalanceLimit.DebitsWithinCredits && debit.Debits + debit.DebitsPending + transfer.Amount > debit.Credits ? TransferResult.ExceedsCredits
            : _limits.GetValueOrDefault(transfer.Credit) is BalanceLimit.CreditsWithinDebits && credit.Credits + credit.CreditsPending + transfer.Amount > credit.Debits ? TransferResult.ExceedsDebits
            : TransferResult.Created;
    }

    private TransferResult Settle(Transfer transfer, Transfer? pending) =>
        pending is null ? TransferResult.PendingNotFound
        : pending.Step is not TransferStep.Pending ? TransferResult.PendingNotPending
        : transfer.Debit != pending.Debit ? TransferResult.PendingDifferentDebit
        : transfer.Credit != pending.Credit ? TransferResult.PendingDifferentCredit
        : transfer.Kind != pending.Kind ? TransferResult.PendingDifferentKind
        : AmountOf(transfer) > pending.Amount ? TransferResult.ExceedsPending
        : Settled(pending) is { } settled ? settled.Step is TransferStep.Post ? TransferResult.PendingAlreadyPosted : TransferResult.PendingAlreadyVoided
        : transfer.Step is TransferStep.Post && BalanceOf(transfer.Debit).Closed ? TransferResult.DebitClosed
        : transfer.Step is TransferStep.Post && BalanceOf(transfer.Credit).Closed ? TransferResult.CreditClosed
        : TransferResult.Created;
}
