using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Group commit: what callers of one tenant post while a transaction runs goes into the next one together.</summary>
/// <param name="store">Stores the batches in one transaction and answers each with its results.</param>
internal sealed class PostQueue(Func<TenantId, IReadOnlyList<IReadOnlyList<Transfer>>, Task<TransferResult[][]>> store)
{
    private readonly Dictionary<TenantId, List<PostCall>> _waiting = [];

    public Task<IReadOnlyList<TransferResult>> PostAsync(TenantId tenant, IReadOnlyList<Transfer> transfers, CancellationToken cancellationToken)
    {
        var call = new PostCall(transfers, cancellationToken);
        lock (_waiting)
        {
            if (_waiting.TryGetValue(tenant, out var waiting))
            {
                waiting.Add(call);
                return call.Done;
            }

            _waiting[tenant] = [];
        }

        // On another thread, since a database in the process does its work before it gives the thread back.
        _ = Task.Run(() => DrainAsync(tenant, call), CancellationToken.None);
        return call.Done;
    }

    private async Task DrainAsync(TenantId tenant, PostCall first)
    {
        for (List<PostCall> group = [first]; group.Count > 0; group = Next(tenant))
        {
            await StoreAsync(tenant, group).ConfigureAwait(false);
        }
    }

    // As many of the oldest as one transaction holds; none where nobody waits, and then the next caller starts anew.
    private List<PostCall> Next(TenantId tenant)
    {
        lock (_waiting)
        {
            var waiting = _waiting[tenant];
            var (count, transfers) = (0, 0);
            while (count < waiting.Count && (count == 0 || transfers + waiting[count].Transfers.Count <= ILedger.BatchSize))
            {
                transfers += waiting[count++].Transfers.Count;
            }

            var group = waiting[..count];
            waiting.RemoveRange(0, count);
            if (count == 0)
            {
                _waiting.Remove(tenant);
            }

            return group;
        }
    }

    private async Task StoreAsync(TenantId tenant, List<PostCall> group)
    {
        group.RemoveAll(call => call.IsGivenUp);
        if (group.Count == 0)
        {
            return;
        }

        try
        {
            var results = await store(tenant, [.. group.Select(call => call.Transfers)]).ConfigureAwait(false);
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Answer(results[i]);
            }
        }
#pragma warning disable CA1031 // Whatever went wrong is told to the caller whose batch it was.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (group.Count == 1)
            {
                group[0].Fail(exception);
                return;
            }

            // Nothing is stored: each by itself, so that one caller's failure is nobody else's.
            foreach (var call in group)
            {
                await StoreAsync(tenant, [call]).ConfigureAwait(false);
            }
        }
    }
}
