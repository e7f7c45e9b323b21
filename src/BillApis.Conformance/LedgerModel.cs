using System.Collections.Immutable;
using BillApis.Ledger;
using NodaTime;

namespace BillApis.Conformance;

/// <summary>A ledger that is too simple to be wrong: a list of transfers, and every balance counted anew.</summary>
internal sealed class LedgerModel
{
    private ImmutableList<Transfer> _stored = [];

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
        [.. _stored.Where(transfer => asOf is null || transfer.At <= asOf)
            .SelectMany(transfer => new[] { new Balance(group(transfer.Debit), transfer.Amount, 0), new Balance(group(transfer.Credit), 0, transfer.Amount) })
            .GroupBy(entry => entry.Account)
            .Select(entries => new Balance(entries.Key, entries.Sum(entry => entry.Debits), entries.Sum(entry => entry.Credits)))
            .OrderBy(balance => balance.Account.Code, StringComparer.Ordinal)];

    public IReadOnlyList<Transfer> Entries(Account account) =>
        [.. _stored.Where(transfer => transfer.Debit == account || transfer.Credit == account)
            .OrderByDescending(transfer => transfer.At).ThenByDescending(transfer => transfer.Id.ToString(), StringComparer.Ordinal)];

    private IEnumerable<TransferResult> PostChain(List<Transfer> chain, bool open)
    {
        var before = _stored;
        var results = new List<TransferResult>();
        foreach (var transfer in chain)
        {
            results.Add(open && results.Count == chain.Count - 1 ? TransferResult.LinkedChainOpen
                : results.All(Succeeded) ? PostOne(transfer with { Linked = false })
                : TransferResult.LinkedFailed);
        }

        if (results.All(Succeeded))
        {
            return results;
        }

        _stored = before;
        return results.Select(result => Succeeded(result) ? TransferResult.LinkedFailed : result);
    }

    private TransferResult PostOne(Transfer transfer)
    {
        if (transfer.Debit == transfer.Credit)
        {
            return TransferResult.AccountsSame;
        }

        if (transfer.Amount <= 0)
        {
            return TransferResult.AmountNotPositive;
        }

        if (transfer.Debit.Asset != transfer.Credit.Asset)
        {
            return TransferResult.AssetsDiffer;
        }

        if (_stored.Find(stored => stored.Id == transfer.Id) is { } existing)
        {
            return existing == transfer ? TransferResult.Exists : TransferResult.ExistsDifferent;
        }

        _stored = _stored.Add(transfer);
        return TransferResult.Created;
    }

    private static bool Succeeded(TransferResult result) => result is TransferResult.Created or TransferResult.Exists;
}
