using System.Data.Common;
using BillApis.Storage;
using NodaTime;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>Applies what a tenant's callers want in one transaction, decided here; where only this process writes, what that takes is known from the last time.</summary>
/// <remarks>For one caller at a time, besides requests that write in a transaction of their own.</remarks>
internal sealed class QuotaWriter(SqlDatabase database, TenantId tenant)
{
    private const int KnownSize = 100_000;
    private readonly QuotaRows _rows = new(database, tenant);
    private readonly QuotaMemory _memory = new();
    private readonly HashSet<QuotaKey> _there = [];
    private int _asides;

    public Task ApplyAsync(IReadOnlyList<QuotaCall> calls)
    {
        if (AnsweredWork.Current is not { Transaction: not null })
        {
            return CommitAsync(calls);
        }

        // A part of a request's own transaction, which may yet be undone: nobody is to know of it from here, nor to go on with what was known before.
        Interlocked.Increment(ref _asides);
        return new QuotaWriter(database, tenant).CommitAsync(calls);
    }

    private async Task CommitAsync(IReadOnlyList<QuotaCall> calls)
    {
        var batch = new QuotaBatch();
        try
        {
            // A new reservation's id is nearly always new; where it is not, the table notices, and it is done again with all of them read.
            for (var readsAll = false; !await TryAsync(readsAll).ConfigureAwait(false); readsAll = true)
            {
            }
        }
        catch
        {
            // It may be committed all the same.
            _memory.Clear();
            throw;
        }

        _memory.Keep(batch);

        Task<bool> TryAsync(bool readsAll) => database.TransactAsync(
            async transaction =>
            {
                batch = await DecideAsync(transaction, calls, readsAll).ConfigureAwait(false);
                return await _rows.WriteAsync(transaction, batch).ConfigureAwait(false);
            },
            default);
    }

    private async Task<QuotaBatch> DecideAsync(DbTransaction transaction, IReadOnlyList<QuotaCall> calls, bool readsAll)
    {
        var alone = database.Dialect.Alone(transaction);
        _memory.Open(alone?.Stamp, Volatile.Read(ref _asides));
        var batch = await LoadAsync(transaction, calls, readsAll, alone?.Now).ConfigureAwait(false);
        Apply(batch, calls);
        if (!readsAll && calls.OfType<ReserveCall>().Any(call => call.Outcome.Reservation is null))
        {
            // Who was told yes before is told so again, whatever the limit says now.
            batch = await LoadAsync(transaction, calls, readsAll: true, alone?.Now).ConfigureAwait(false);
            Apply(batch, calls);
        }

        return batch;
    }

    private static void Apply(QuotaBatch batch, IReadOnlyList<QuotaCall> calls)
    {
        foreach (var call in calls)
        {
            switch (call)
            {
                case ReserveCall reserve:
                    batch.Apply(reserve);
                    break;
                case SettleCall settle:
                    batch.Apply(settle);
                    break;
            }
        }
    }

    private async Task<QuotaBatch> LoadAsync(DbTransaction transaction, IReadOnlyList<QuotaCall> calls, bool readsAll, Instant? now)
    {
        var batch = new QuotaBatch();
        batch.Add(now ?? Instant.MinValue);
        var ids = new HashSet<ReservationId>(calls.OfType<SettleCall>().Select(call => call.Id));
        ids.UnionWith(readsAll ? calls.OfType<ReserveCall>().Select(call => call.Wanted.Id) : []);
        var known = await ReadAsync(transaction, ids).ConfigureAwait(false);
        var wanted = calls.OfType<ReserveCall>().SelectMany(call => call.Wanted.Quotas).ToHashSet();
        await OpenAsync(transaction, wanted).ConfigureAwait(false);
        await LockAsync(transaction, batch, [.. wanted.Concat(calls.OfType<ExpireCall>().Select(call => call.Quota)).Concat(known.SelectMany(item => item.Quotas)).Distinct()]).ConfigureAwait(false);

        // Where others may write, once more under the lock: they may have ended them meanwhile.
        foreach (var item in now is null ? await _rows.ReadAsync(transaction, ids).ConfigureAwait(false) : known)
        {
            batch.Add(item);
        }

        var expiring = batch.Expiring.ToList();
        if (expiring.Count > 0)
        {
            // Whoever moves a second quota holds the first, so that holding it out of turn makes no circle.
            var open = await _rows.ReadOpenAsync(transaction, expiring).ConfigureAwait(false);
            await LockAsync(transaction, batch, [.. open.SelectMany(group => group).Select(item => item.AlsoQuota).OfType<QuotaKey>().Where(quota => !batch.Quotas.ContainsKey(quota)).Distinct()]).ConfigureAwait(false);
            expiring.ForEach(quota => batch.Expire(quota, [.. open[quota]]));
        }

        return batch;
    }

    private async Task<IReadOnlyList<Reservation>> ReadAsync(DbTransaction transaction, HashSet<ReservationId> ids)
    {
        var (known, others) = (new List<Reservation>(), new List<ReservationId>());
        foreach (var id in ids)
        {
            if (_memory.Find(id) is { } found)
            {
                known.Add(found);
            }
            else
            {
                others.Add(id);
            }
        }

        return [.. known, .. await _rows.ReadAsync(transaction, others).ConfigureAwait(false)];
    }

    // Rows of quotas are never deleted: one that was seen is there.
    private async Task OpenAsync(DbTransaction transaction, HashSet<QuotaKey> quotas)
    {
        var fresh = quotas.Where(quota => !_there.Contains(quota)).ToList();
        if (fresh.Count > 0)
        {
            await _rows.OpenAsync(transaction, fresh).ConfigureAwait(false);
        }
    }

    private async Task LockAsync(DbTransaction transaction, QuotaBatch batch, IReadOnlyList<QuotaKey> quotas)
    {
        var others = new List<QuotaKey>();
        foreach (var quota in quotas)
        {
            if (_memory.Find(quota) is { } state)
            {
                batch.Add(quota, state);
            }
            else
            {
                others.Add(quota);
            }
        }

        foreach (var row in others.Count == 0 ? [] : await _rows.LockAsync(transaction, others).ConfigureAwait(false))
        {
            batch.Add(SqlTime.FromMicroseconds(row.Now));
            batch.Add(row.Key, row.State);
            if (_there.Count > KnownSize)
            {
                _there.Clear();
            }

            _there.Add(row.Key);
        }
    }
}
