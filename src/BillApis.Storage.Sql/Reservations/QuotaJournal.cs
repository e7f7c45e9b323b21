using System.Data.Common;
using Dapper;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>
/// Where one process writes, what a commit changes is one slot of a journal, which costs a page where the rows themselves cost many; they are brought up to
/// date for many commits at once, and by then most reservations have ended. After that the slots are written over again, from the first on, in another round: slot 0 says which one counts.
/// </summary>
/// <remarks>A round belongs to whoever began it. What it finds in the journal later, or makes of it, holds only for as long as the round is the same.</remarks>
internal sealed class QuotaJournal(SqlDatabase database, TenantId tenant, QuotaRows rows)
{
    private const string Append =
        """
        insert into billing_quota_journal (tenant_id, slot, round, changes) select @Tenant, r.slot, r.round, r.changes from
        """;

    private const string InRound = " as r where exists (select 1 from billing_quota_journal as first where first.tenant_id = @Tenant and first.slot = 0 and first.round = r.round)";
    private const string Over = " on conflict (tenant_id, slot) do update set round = excluded.round, changes = excluded.changes";

    private long _round;
    private int _last;

    /// <summary>Whether nobody else has begun a round since.</summary>
    public async Task<bool> IsOursAsync(DbConnection connection, DbTransaction? transaction) =>
        await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "select round from billing_quota_journal where tenant_id = @Tenant and slot = 0", new { Tenant = tenant.ToString() }, transaction)).ConfigureAwait(false) == _round;

    /// <summary>Commits what was changed, alone and at once.</summary>
    /// <returns>False where the round is another's by now, or another writes: nothing is kept then.</returns>
    public bool TryAppend(DbConnection connection, QuotaBatch batch)
    {
        if (!database.Dialect.TryWrite(connection, tenant, Row(_last + 1, QuotaEntry.Write(batch)), table => Append + table + InRound + Over))
        {
            return false;
        }

        _last++;
        return true;
    }

    /// <summary>Adds what was changed to a transaction in which the round is ours.</summary>
    public Task AppendAsync(DbTransaction transaction, QuotaBatch batch) => batch.HasChanges ? WriteAsync(transaction, ++_last, QuotaEntry.Write(batch)) : Task.CompletedTask;

    /// <summary>Brings the rows up to date by what the journal says, and begins a round.</summary>
    public async Task FoldAsync(DbTransaction transaction)
    {
        (_round, _last) = (0, 0);
        var entries = new List<string>();
        var slots = transaction.Connection!.QueryUnbufferedAsync<(long Slot, long Round, string Changes)>(
            "select slot, round, changes from billing_quota_journal where tenant_id = @Tenant order by slot", new { Tenant = tenant.ToString() }, transaction);
        await foreach (var (slot, round, changes) in slots.ConfigureAwait(false))
        {
            if (slot == 0)
            {
                _round = round;
            }
            else if (round == _round)
            {
                entries.Add(changes);
            }
            else
            {
                break;
            }
        }

        await FoldAsync(transaction, QuotaChanges.Of(entries)).ConfigureAwait(false);
    }

    /// <summary>The same where it is known what the journal says.</summary>
    public async Task FoldAsync(DbTransaction transaction, QuotaChanges journal)
    {
        if (!await rows.WriteAsync(transaction, journal).ConfigureAwait(false))
        {
            throw new InvalidOperationException("The journal adds a reservation that is stored already.");
        }

        (_round, _last) = (_round + 1, 0);
        await WriteAsync(transaction, 0, "").ConfigureAwait(false);
    }

    private Task WriteAsync(DbTransaction transaction, int slot, string changes) =>
        database.Dialect.WriteAsync(transaction, tenant, Row(slot, changes), table => Append + table + " as r where true" + Over, default);

    private SqlRows Row(int slot, string changes)
    {
        var row = new SqlRows("slot bigint", "round bigint", "changes text");
        row.Add(slot, _round, changes);
        return row;
    }
}
