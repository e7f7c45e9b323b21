using BillApis.Benchmarks.Usage;
using BillApis.Ledger;
using BillApis.TigerBeetle;
using BillApis.TigerBeetle.Native;
using System.Runtime.InteropServices;

namespace BillApis.Benchmarks.Ledger;

/// <summary>The adapter's own work: batches of 8,189 to a cluster that does nothing, against a loop that fills the same records from the same transfers.</summary>
internal static class PacketBench
{
    private const int Batches = 20;

    public static async Task RunAsync(int turns)
    {
        var pairs = new Pairs(10_000, hot: false, seed: 1);
        var batch = pairs.Next((ILedger.BatchSize / 2) + 1)[..ILedger.BatchSize];
        batch[^1] = batch[^1] with { Linked = false };
        using var ledger = new TigerBeetleLedger(new NothingClient());
        var byHand = new ByHand(batch);
        await Measured.CompareAsync(
            "TigerBeetle, batches of 8,189 to a cluster that does nothing, against packets built by hand",
            turns,
            () => Task.FromResult(batch),
            async transfers =>
            {
                for (var i = 0; i < Batches; i++)
                {
                    if ((await ledger.PostAsync(TenantId.Default, transfers, default)).Any(result => result is not TransferResult.Created))
                    {
                        throw new InvalidOperationException("Not created.");
                    }
                }
            },
            () => Task.FromResult(batch),
            async transfers =>
            {
                for (var i = 0; i < Batches; i++)
                {
                    await byHand.PostAsync(transfers);
                }
            });
    }

    private sealed class ByHand(Transfer[] known)
    {
        private readonly NothingClient _client = new();
        private readonly Dictionary<Account, UInt128> _ids = known.SelectMany(transfer => new[] { transfer.Debit, transfer.Credit }).Distinct()
            .ToDictionary(account => account, account => EntityId.BitsOf(account.IdIn(TenantId.Default).Value));

        public async Task PostAsync(Transfer[] transfers)
        {
            var rows = new TbTransfer[transfers.Length];
            for (var i = 0; i < rows.Length; i++)
            {
                var transfer = transfers[i];
                var cause = Tag.Of(transfer.Cause);
                rows[i] = new TbTransfer
                {
                    Id = EntityId.BitsOf(transfer.Id.Value),
                    DebitAccountId = _ids[transfer.Debit],
                    CreditAccountId = _ids[transfer.Credit],
                    Amount = (UInt128)transfer.Amount,
                    UserData128 = cause.Value,
                    UserData64 = (ulong)(transfer.At.ToUnixTimeTicks() / 10),
                    UserData32 = cause.Form,
                    Ledger = 1,
                    Code = (ushort)transfer.Kind,
                    Flags = transfer.Linked ? TbTransferFlags.Linked : TbTransferFlags.None,
                };
            }

            var answer = await _client.SubmitAsync(TbOperation.CreateTransfers, MemoryMarshal.AsBytes(rows.AsSpan()).ToArray(), default);
            foreach (var result in MemoryMarshal.Cast<byte, TbResult>(answer))
            {
                if (result.Status != uint.MaxValue)
                {
                    throw new InvalidOperationException("Not created.");
                }
            }
        }
    }

    private sealed class NothingClient : ITigerBeetleClient
    {
        public Task<byte[]> SubmitAsync(TbOperation operation, ReadOnlyMemory<byte> events, CancellationToken cancellationToken)
        {
            if (operation is not (TbOperation.CreateAccounts or TbOperation.CreateTransfers))
            {
                return Task.FromResult(Array.Empty<byte>());
            }

            var results = new TbResult[events.Length / 128];
            results.AsSpan().Fill(new TbResult { Status = uint.MaxValue });
            return Task.FromResult(MemoryMarshal.AsBytes(results.AsSpan()).ToArray());
        }

        public void Dispose()
        {
        }
    }
}
