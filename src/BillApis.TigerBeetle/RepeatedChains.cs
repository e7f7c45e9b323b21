using BillApis.Ledger;
using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle;

/// <summary>TigerBeetle tells a chain that is repeated whole as broken by its first member, which exists; we tell it as existing.</summary>
internal static class RepeatedChains
{
    public static async Task SettleAsync(ITigerBeetleClient client, TbTransfer[] sent, TransferResult[] results, CancellationToken cancellationToken)
    {
        var chains = Chains(sent, results).ToList();
        if (chains.Count == 0)
        {
            return;
        }

        var ids = chains.SelectMany(chain => sent[chain]).SelectMany(transfer => new[] { transfer.Id, transfer.PendingId }).Where(id => id != 0).Distinct().ToArray();
        var stored = (await client.LookupTransfersAsync(ids, cancellationToken).ConfigureAwait(false)).ToDictionary(transfer => transfer.Id);
        foreach (var chain in chains)
        {
            if (Array.TrueForAll(sent[chain], transfer => stored.TryGetValue(transfer.Id, out var found) && TransferCodec.IsSame(transfer, found, stored.TryGetValue(transfer.PendingId, out var pending) ? pending.Amount : null)))
            {
                results.AsSpan(chain).Fill(TransferResult.Exists);
            }
        }
    }

    // The chains that ended where they began.
    private static IEnumerable<Range> Chains(TbTransfer[] sent, TransferResult[] results)
    {
        for (var start = 0; start < sent.Length;)
        {
            var end = start;
            while (end < sent.Length - 1 && sent[end].Flags.HasFlag(TbTransferFlags.Linked))
            {
                end++;
            }

            if (end > start && results[start] is TransferResult.Exists && results[end] is TransferResult.LinkedFailed)
            {
                yield return start..(end + 1);
            }

            start = end + 1;
        }
    }
}
