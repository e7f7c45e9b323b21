using System.Data.Common;
using BillApis.Storage.Sql.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>Reads and writes the rows of a tenant's quotas and reservations.</summary>
internal sealed class QuotaRows(SqlDatabase database, TenantId tenant)
{
    private const string KeyColumns = "customer_id, subject, starts_at";

    /// <summary>Makes the rows of quotas that have none yet.</summary>
    public Task OpenAsync(DbTransaction transaction, IEnumerable<QuotaKey> quotas) => transaction.BulkAsync(
        $"""
        insert into billing_quota (tenant_id, {KeyColumns}, used, reserved)
        select @Tenant, r.customer_id, r.subject, r.starts_at, '0', '0' from {database.Dialect.Rows("Rows", QuotaRow.KeyTypes)} as r
        where true
        order by r.customer_id, r.subject, r.starts_at
        on conflict do nothing
        """,
        tenant, quotas.Select(Row), default);

    /// <summary>Reads quotas and holds them until the transaction ends, in one order, so that writers wait for each other and never in a circle.</summary>
    public Task<List<QuotaRow>> LockAsync(DbTransaction transaction, IEnumerable<QuotaKey> quotas) => transaction.BulkReadAsync<QuotaRow>(
        $"""
        select {QuotaRow.Columns}, {database.Dialect.Now} as Now
        from billing_quota
        where tenant_id = @Tenant and ({KeyColumns}) in (select r.customer_id, r.subject, r.starts_at from {database.Dialect.Rows("Rows", QuotaRow.KeyTypes)} as r)
        order by customer_id, subject, starts_at
        {database.Dialect.ForUpdate}
        """,
        tenant, quotas.Select(Row), default);

    public async Task<List<Reservation>> ReadAsync(DbTransaction transaction, IReadOnlyCollection<ReservationId> ids)
    {
        if (ids.Count == 0)
        {
            return [];
        }

        var rows = await transaction.BulkReadAsync<ReservationRow>(
            $"select {ReservationRow.Columns} from billing_reservation where tenant_id = @Tenant and id in (select r.id from {database.Dialect.Rows("Rows", "id text")} as r)",
            tenant, ids.Select(id => new { id = id.ToString() }), default).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
    }

    /// <summary>All that is open of some quotas.</summary>
    public async Task<ILookup<QuotaKey, Reservation>> ReadOpenAsync(DbTransaction transaction, IEnumerable<QuotaKey> quotas)
    {
        var open = await transaction.BulkReadAsync<ReservationRow>(
            $"""
            select {ReservationRow.Columns} from billing_reservation
            where tenant_id = @Tenant and state = 'open' and ({KeyColumns}) in (select r.customer_id, r.subject, r.starts_at from {database.Dialect.Rows("Rows", QuotaRow.KeyTypes)} as r)
            """,
            tenant, quotas.Select(Row), default).ConfigureAwait(false);
        return open.Select(row => row.Read()).ToLookup(item => item.Quota);
    }

    /// <summary>The newest reservation's id; null where there is none.</summary>
    public async Task<ReservationId?> NewestAsync(DbTransaction transaction) =>
        EntityId.TryParse<ReservationId>(
            await transaction.Connection!.ExecuteScalarAsync<string>(new CommandDefinition("select max(id) from billing_reservation where tenant_id = @Tenant", new { Tenant = tenant.ToString() }, transaction)).ConfigureAwait(false) ?? "",
            out var newest) ? newest : null;

    /// <summary>Writes what was changed.</summary>
    /// <returns>False where a new reservation's id is taken already: nothing may be kept then.</returns>
    public async Task<bool> WriteAsync(DbTransaction transaction, QuotaChanges changes)
    {
        if (changes.Added.Count > 0 && (await database.Dialect.WriteAsync(transaction, tenant, changes.Added, ReservationRow.Insert, keyColumns: 1, default).ConfigureAwait(false)).Contains(false))
        {
            return false;
        }

        await WriteAsync(transaction, changes.Moved, QuotasSql).ConfigureAwait(false);
        await WriteAsync(transaction, changes.Changed, ReservationRow.Update).ConfigureAwait(false);
        return true;
    }

    private Task WriteAsync(DbTransaction transaction, SqlRows rows, Func<string, string> sql) =>
        rows.Count == 0 ? Task.CompletedTask : database.Dialect.WriteAsync(transaction, tenant, rows, sql, default);

    private static string QuotasSql(string rows) =>
        $"""
        update billing_quota set used = r.used, reserved = r.reserved, next_expiry = r.next_expiry
        from {rows} as r
        where billing_quota.tenant_id = @Tenant and billing_quota.customer_id = r.customer_id and billing_quota.subject = r.subject and billing_quota.starts_at = r.starts_at
        """;

    private static object Row(QuotaKey quota) => new { customer_id = quota.Customer.ToString(), subject = quota.Subject, starts_at = quota.Start.ToMicroseconds() };
}
