using System.Runtime.InteropServices;
using BillApis.Ledger;
using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle;

/// <summary>Requests with typed records, split where they are larger than one message.</summary>
internal static class Requests
{
    /// <summary>The most events and results in one message.</summary>
    public const int BatchSize = ILedger.BatchSize;

    private const uint BothSides = 3;

    public static Task<TbResult[]> CreateAsync(this ITigerBeetleClient client, TbAccount[] accounts, CancellationToken cancellationToken) =>
        SplitAsync<TbAccount, TbResult>(client, TbOperation.CreateAccounts, accounts, cancellationToken);

    public static Task<TbResult[]> CreateAsync(this ITigerBeetleClient client, TbTransfer[] transfers, CancellationToken cancellationToken) =>
        SplitAsync<TbTransfer, TbResult>(client, TbOperation.CreateTransfers, transfers, cancellationToken);

    public static Task<TbAccount[]> LookupAccountsAsync(this ITigerBeetleClient client, UInt128[] ids, CancellationToken cancellationToken) =>
        SplitAsync<UInt128, TbAccount>(client, TbOperation.LookupAccounts, ids, cancellationToken);

    public static Task<TbTransfer[]> LookupTransfersAsync(this ITigerBeetleClient client, UInt128[] ids, CancellationToken cancellationToken) =>
        SplitAsync<UInt128, TbTransfer>(client, TbOperation.LookupTransfers, ids, cancellationToken);

    /// <summary>Every account that the filter names, oldest first.</summary>
    public static Task<List<TbAccount>> QueryAccountsAsync(this ITigerBeetleClient client, TbQueryFilter filter, CancellationToken cancellationToken) =>
        AllAsync(
            from => SplitAsync<TbQueryFilter, TbAccount>(client, TbOperation.QueryAccounts, [filter with { TimestampMin = from, Limit = BatchSize }], cancellationToken),
            account => account.Timestamp);

    /// <summary>Every transfer of an account, oldest first.</summary>
    public static Task<List<TbTransfer>> TransfersOfAsync(this ITigerBeetleClient client, UInt128 account, CancellationToken cancellationToken) =>
        AllAsync(
            from => SplitAsync<TbAccountFilter, TbTransfer>(
                client, TbOperation.GetAccountTransfers, [new TbAccountFilter { AccountId = account, TimestampMin = from, Limit = BatchSize, Flags = BothSides }], cancellationToken),
            transfer => transfer.Timestamp);

    private static async Task<List<T>> AllAsync<T>(Func<ulong, Task<T[]>> read, Func<T, ulong> timestamp)
    {
        var all = new List<T>();
        for (var from = 0UL; ; from = timestamp(all[^1]) + 1)
        {
            var page = await read(from).ConfigureAwait(false);
            all.AddRange(page);
            if (page.Length < BatchSize)
            {
                return all;
            }
        }
    }

    private static async Task<TResult[]> SplitAsync<TEvent, TResult>(ITigerBeetleClient client, TbOperation operation, TEvent[] events, CancellationToken cancellationToken)
        where TEvent : unmanaged
        where TResult : unmanaged
    {
        if (events.Length <= BatchSize)
        {
            return events.Length == 0 ? [] : await SendAsync<TEvent, TResult>(client, operation, events, cancellationToken).ConfigureAwait(false);
        }

        var results = new List<TResult>();
        foreach (var batch in events.Chunk(BatchSize))
        {
            results.AddRange(await SendAsync<TEvent, TResult>(client, operation, batch, cancellationToken).ConfigureAwait(false));
        }

        return [.. results];
    }

    private static async Task<TResult[]> SendAsync<TEvent, TResult>(ITigerBeetleClient client, TbOperation operation, TEvent[] events, CancellationToken cancellationToken)
        where TEvent : unmanaged
        where TResult : unmanaged
    {
        var answer = await client.SubmitAsync(operation, MemoryMarshal.AsBytes(events.AsSpan()).ToArray(), cancellationToken).ConfigureAwait(false);
        return MemoryMarshal.Cast<byte, TResult>(answer).ToArray();
    }
}
