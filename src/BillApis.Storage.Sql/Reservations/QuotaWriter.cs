using System.Data.Common;
using BillApis.Storage;
using NodaTime;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>
/// Applies what a tenant's callers want in one transaction, decided here. Where only this process writes, what that takes is known from the last time, and what it
/// changes goes to the journal: most often one statement is all of the transaction.
/// </summary>
/// <remarks>For one caller at a time, besides requests that write in a transaction of their own.</remarks>
internal sealed class QuotaWriter
{
    private const int KnownSize = 100_000;
    private readonly SqlDatabase _database;
    private readonly TenantId _tenant;
    private readonly QuotaRows _rows;
    private readonly QuotaJournal _journal;
    private readonly QuotaMemory _memory = new();
    private readonly HashSet<QuotaKey> _there = [];

    public QuotaWriter(SqlDatabase database, TenantId tenant)
    {
        (_database, _tenant, _rows) = (database, tenant, new QuotaRows(database, tenant));
        _journal = new QuotaJournal(database, tenant, _rows);
    }

    // What is a part of a request's own transaction may yet be undone: it begins a round of the journal, which is undone with it, and nobody is to know of it from here.
    public Task ApplyAsync(IReadOnlyList<QuotaCall> calls) => AnsweredWork.Current is { Transaction: not null } ? new QuotaWriter(_database, _tenant).CommitAsync(calls) : CommitAsync(calls);

    private async Task CommitAsync(IReadOnlyList<QuotaCall> calls)
    {
        try
        {
            if (!await _database.RefusingAsync(() => TryAtOnceAsync(calls)).ConfigureAwait(false))
            {
                await TransactAsync(calls).ConfigureAwait(false);
            }
        }
        catch
        {
            // It may be committed all the same, or what was made with it may be gone.
            _memory.Clear();
            _there.Clear();
            throw;
        }
    }

    // Where all that they are about is known, it is decided before the transaction, which then is one statement; it writes nothing where somebody else has written since.
    private async Task<bool> TryAtOnceAsync(IReadOnlyList<QuotaCall> calls)
    {
        if (!_memory.IsOpen || _memory.IsFull)
        {
            return false;
        }

        await using var writer = await _database.Dialect.OpenWriterAsync(default).ConfigureAwait(false);
        if (_database.Dialect.SoleWriterTime(writer.Connection) is not { } now || _memory.Recall(calls, now) is not { } batch)
        {
            return false;
        }

        batch.Apply(calls);
        if (!(batch.HasChanges ? _journal.TryAppend(writer.Connection, batch) : await _journal.IsOursAsync(writer.Connection, null).ConfigureAwait(false)))
        {
            return false;
        }

        _memory.Keep(batch, isFolded: false);
        return true;
    }

    private async Task TransactAsync(IReadOnlyList<QuotaCall> calls)
    {
        var (batch, isFolded) = (new QuotaBatch(), false);

        // A new reservation's id is nearly always new; where it is not, the table notices, and it is done again with all of them read.
        for (var readsAll = false; !await TryAsync(readsAll).ConfigureAwait(false); readsAll = true)
        {
            _there.Clear();
        }

        _memory.Keep(batch, isFolded);

        Task<bool> TryAsync(bool readsAll) => _database.TransactAsync(
            _tenant,
            async transaction =>
            {
                if (_database.Dialect.SoleWriterTime(transaction.Connection!) is not { } now)
                {
                    batch = await DecideAsync(transaction, calls, readsAll).ConfigureAwait(false);
                    return await _rows.WriteAsync(transaction, batch.Changes).ConfigureAwait(false);
                }

                isFolded = await FoldAsync(transaction, calls).ConfigureAwait(false);
                batch = await AppliedAsync(transaction, calls, _memory.MayBeStored, now).ConfigureAwait(false);
                await _journal.AppendAsync(transaction, batch).ConfigureAwait(false);
                return true;
            },
            default);
    }

    private async Task<bool> FoldAsync(DbTransaction transaction, IReadOnlyList<QuotaCall> calls)
    {
        if (!_memory.IsOpen || !await _journal.IsOursAsync(transaction.Connection!, transaction).ConfigureAwait(false))
        {
            await _journal.FoldAsync(transaction).ConfigureAwait(false);
            _memory.Begin(await _rows.NewestAsync(transaction).ConfigureAwait(false));
            return true;
        }

        if (!_memory.IsFull && !calls.Any(call => call is FoldCall))
        {
            return false;
        }

        await _journal.FoldAsync(transaction, _memory.Unwritten).ConfigureAwait(false);
        return true;
    }

    private async Task<QuotaBatch> DecideAsync(DbTransaction transaction, IReadOnlyList<QuotaCall> calls, bool readsAll)
    {
        var batch = await AppliedAsync(transaction, calls, _ => readsAll, null).ConfigureAwait(false);
        if (!readsAll && calls.OfType<ReserveCall>().Any(call => call.Outcome.Reservation is null))
        {
            // Who was told yes before is told so again, whatever the limit says now.
            batch = await AppliedAsync(transaction, calls, _ => true, null).ConfigureAwait(false);
        }

        return batch;
    }

    private async Task<QuotaBatch> AppliedAsync(DbTransaction transaction, IReadOnlyList<QuotaCall> calls, Func<ReservationId, bool> mayBeStored, Instant? alone)
    {
        var batch = new QuotaBatch();
        batch.Add(alone ?? Instant.MinValue);
        var ids = calls.OfType<SettleCall>().Select(call => call.Id).Concat(calls.OfType<ReserveCall>().Select(call => call.Wanted.Id).Where(id => _memory.Find(id) is not null || mayBeStored(id))).ToHashSet();
        var known = await ReadAsync(transaction, ids).ConfigureAwait(false);
        var wanted = calls.OfType<ReserveCall>().SelectMany(call => call.Wanted.Quotas).ToHashSet();
        await OpenAsync(transaction, wanted).ConfigureAwait(false);
        await LockAsync(transaction, batch, [.. wanted.Concat(calls.OfType<ExpireCall>().Select(call => call.Quota)).Concat(known.SelectMany(item => item.Quotas)).Distinct()]).ConfigureAwait(false);

        // Where others may write, once more under the lock: they may have ended them meanwhile.
        foreach (var item in alone is null ? await _rows.ReadAsync(transaction, ids).ConfigureAwait(false) : known)
        {
            batch.Add(item);
        }

        await ExpireAsync(transaction, batch).ConfigureAwait(false);
        batch.Apply(calls);
        return batch;
    }

    private async Task ExpireAsync(DbTransaction transaction, QuotaBatch batch)
    {
        var expiring = batch.Expiring.ToList();
        if (expiring.Count == 0)
        {
            return;
        }

        var stored = await _rows.ReadOpenAsync(transaction, expiring).ConfigureAwait(false);
        foreach (var quota in expiring)
        {
            var open = stored[quota].Where(item => _memory.Find(item.Id) is null).Concat(_memory.OpenOf(quota)).ToList();

            // Whoever moves a second quota holds the first, so that holding it out of turn makes no circle.
            await LockAsync(transaction, batch, [.. open.Select(item => item.AlsoQuota).OfType<QuotaKey>().Where(also => !batch.Quotas.ContainsKey(also)).Distinct()]).ConfigureAwait(false);
            batch.Expire(quota, open);
        }
    }

    private async Task<IReadOnlyList<Reservation>> ReadAsync(DbTransaction transaction, HashSet<ReservationId> ids)
    {
        var known = ids.Select(_memory.Find).OfType<Reservation>().ToList();
        return known.Count == ids.Count ? known : [.. known, .. await _rows.ReadAsync(transaction, [.. ids.Where(id => _memory.Find(id) is null)]).ConfigureAwait(false)];
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
        foreach (var quota in quotas)
        {
            if (_memory.Find(quota) is { } state)
            {
                batch.Add(quota, state);
            }
        }

        var others = quotas.Where(quota => !batch.Quotas.ContainsKey(quota)).ToList();
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
