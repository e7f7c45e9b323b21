using System.Data.Common;
using Dapper;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>
/// Where one process writes, what a commit changes is one row at the end of a journal, which costs a page where the rows themselves cost many; they are brought up to
/// date for many commits at once, and by then most reservations have ended.
/// </summary>
internal sealed class QuotaJournal(SqlDatabase database, TenantId tenant, QuotaRows rows)
{
    public async Task AppendAsync(DbTransaction transaction, QuotaChanges changes)
    {
        if (changes.IsEmpty)
        {
            return;
        }

        var entry = new SqlRows("added text", "changed text", "moved text");
        entry.Add(changes.Added.ToArrays(), changes.Changed.ToArrays(), changes.Moved.ToArrays());
        await database.Dialect.WriteAsync(
            transaction, tenant, entry, table => $"insert into billing_quota_journal (tenant_id, added, changed, moved) select @Tenant, r.added, r.changed, r.moved from {table} as r", default).ConfigureAwait(false);
    }

    /// <summary>Brings the rows up to date by what the journal says.</summary>
    public async Task FoldAsync(DbTransaction transaction)
    {
        var found = (await transaction.Connection!.QueryAsync<JournalRow>(new CommandDefinition(
            "select added as Added, changed as Changed, moved as Moved from billing_quota_journal where tenant_id = @Tenant order by no", new { Tenant = tenant.ToString() }, transaction)).ConfigureAwait(false)).AsList();
        if (found.Count > 0)
        {
            await FoldAsync(transaction, QuotaChanges.Of(found)).ConfigureAwait(false);
        }
    }

    /// <summary>The same where it is known what the journal says.</summary>
    public async Task FoldAsync(DbTransaction transaction, QuotaChanges journal)
    {
        if (!await rows.WriteAsync(transaction, journal).ConfigureAwait(false))
        {
            throw new InvalidOperationException("The journal adds a reservation that is stored already.");
        }

        await transaction.Connection!.ExecuteAsync(new CommandDefinition("delete from billing_quota_journal where tenant_id = @Tenant", new { Tenant = tenant.ToString() }, transaction)).ConfigureAwait(false);
    }
}
