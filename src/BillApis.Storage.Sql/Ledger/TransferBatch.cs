using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>A batch on its way into the database: decides what becomes of each transfer, and what that does to the balances.</summary>
internal sealed class TransferBatch
{
    private readonly IReadOnlyList<Transfer> _transfers;
    private readonly Dictionary<Account, string> _ids = [];

    public TransferBatch(TenantId tenant, IReadOnlyList<Transfer> transfers)
    {
        _transfers = transfers;
        Rows = [.. transfers.Select(transfer => TransferRow.From(transfer, account => IdOf(tenant, account)))];
    }

    /// <summary>One row for each transfer, in the same order.</summary>
    public TransferRow[] Rows { get; }

    /// <summary>The result of each transfer, given the content of those ids that are stored; chain by chain, since a chain stands or falls as one.</summary>
    public TransferResult[] Decide(Dictionary<string, string> stored)
    {
        var results = new TransferResult[Rows.Length];
        for (var start = 0; start < Rows.Length;)
        {
            var end = start;
            while (end < Rows.Length - 1 && _transfers[end].Linked)
            {
                end++;
            }

            DecideChain(start, end, results, stored);
            start = end + 1;
        }

        return results;
    }

    /// <summary>What the created transfers add to each account, by account id.</summary>
    public IEnumerable<BalanceRow> Changes(TransferResult[] results)
    {
        var changes = new Dictionary<Account, BalanceRow>();
        for (var i = 0; i < results.Length; i++)
        {
            if (results[i] is TransferResult.Created)
            {
                var (debit, credit) = (Change(_transfers[i].Debit), Change(_transfers[i].Credit));
                changes[_transfers[i].Debit] = debit with { Debits = debit.Debits + _transfers[i].Amount };
                changes[_transfers[i].Credit] = credit with { Credits = credit.Credits + _transfers[i].Amount };
            }
        }

        return changes.Values;

        BalanceRow Change(Account account) => changes.TryGetValue(account, out var change) ? change : BalanceRow.Opened(account, _ids[account]);
    }

    private void DecideChain(int start, int end, TransferResult[] results, Dictionary<string, string> stored)
    {
        var failed = false;
        for (var i = start; i <= end; i++)
        {
            results[i] = i == end && _transfers[i].Linked ? TransferResult.LinkedChainOpen
                : failed ? TransferResult.LinkedFailed
                : Check(_transfers[i], Rows[i], stored);
            failed |= results[i] is not (TransferResult.Created or TransferResult.Exists);
        }

        for (var i = start; failed && i <= end; i++)
        {
            if (results[i] is TransferResult.Created)
            {
                stored.Remove(Rows[i].Id);
            }

            results[i] = results[i] is TransferResult.Created or TransferResult.Exists ? TransferResult.LinkedFailed : results[i];
        }
    }

    private static TransferResult Check(Transfer transfer, TransferRow row, Dictionary<string, string> stored) =>
        transfer.Debit == transfer.Credit ? TransferResult.AccountsSame
        : transfer.Amount <= 0 ? TransferResult.AmountNotPositive
        : transfer.Debit.Asset != transfer.Credit.Asset ? TransferResult.AssetsDiffer
        : stored.TryAdd(row.Id, row.Content) ? TransferResult.Created
        : stored[row.Id] == row.Content ? TransferResult.Exists
        : TransferResult.ExistsDifferent;

    private string IdOf(TenantId tenant, Account account)
    {
        if (!_ids.TryGetValue(account, out var id))
        {
            _ids[account] = id = account.IdIn(tenant).ToString();
        }

        return id;
    }
}
