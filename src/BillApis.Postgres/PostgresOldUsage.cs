using System.Data.Common;
using System.Globalization;
using BillApis.Storage.Sql.Metering;
using Dapper;
using NodaTime;
using Npgsql;

namespace BillApis.Postgres;

/// <summary>Takes whole batches out, and the parts of a month once it has none; what comes back is in batches of its own.</summary>
internal sealed class PostgresOldUsage(PostgresDialect dialect, PostgresUsageLog log) : IOldUsage
{
    private const int BytesOfLot = 16_777_216;

    public async Task<IReadOnlyList<long>> MonthsAsync(DbConnection connection, TenantId tenant, long before, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<long>(new CommandDefinition(
            "select distinct no >> 40 from billing_usage_batch where tenant_id = @Tenant and no < (@before << 40)", new { Tenant = tenant.ToString(), before }, cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();

    public async Task<IReadOnlyList<long>> FindAsync(DbConnection connection, TenantId tenant, long month, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<long>(new CommandDefinition(
            $"""
            select b.no
            from (
                select b.no, sum(octet_length(b.content)) over (order by b.no) - octet_length(b.content) as bytes_before
                from billing_usage_batch as b
                where b.tenant_id = @Tenant and b.no >= (@month << 40) and b.no < ((@month + 1) << 40) and b.no not in (
                    select k.batch_no
                    from billing_usage_orphan as o
                    join billing_usage_source as s on s.tenant_id = o.tenant_id and s.source = o.source
                    join billing_usage_key as k on k.source_no = s.no and k.id = o.id
                    where o.tenant_id = @Tenant and {UsageOrphans.Open("o")})
            ) as b
            where b.bytes_before < {BytesOfLot}
            order by b.no
            """,
            new { Tenant = tenant.ToString(), month },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();

    public async Task<IReadOnlyList<EventRow>> ReadAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, IReadOnlyList<long> rows, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<EventRow>(new CommandDefinition(
            $"select {EventRow.Columns} from {EventRow.ByTime} as e where e.tenant_id = @Tenant and e.batch_no = any(@Rows) order by e.at, e.source, e.id",
            new { Tenant = tenant.ToString(), Rows = rows.ToArray() },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();

    public async Task RemoveAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<long> rows, IReadOnlyList<EventRow> events, CancellationToken cancellationToken)
    {
        var hours = events.Where(item => item.CustomerId is not null).Select(item => (Customer: item.CustomerId!, Hour: item.At / UsageBucket.HourMicroseconds)).Distinct().ToList();
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            """
            delete from billing_usage_slice as s
            using unnest(@Customers, @Hours) as r(customer_id, hour)
            where s.customer_id = r.customer_id and s.hour = r.hour and s.batch_no = any(@Rows)
            """,
            new { Customers = hours.Select(item => item.Customer).ToArray(), Hours = hours.Select(item => item.Hour).ToArray(), Rows = rows.ToArray() },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "delete from billing_usage_batch where tenant_id = @Tenant and no = any(@Rows)", new { Tenant = tenant.ToString(), Rows = rows.ToArray() }, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
    }

    public Task<bool> RestoreAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken) => log.RestoreAsync(transaction, tenant, entries, cancellationToken);

    public Task OpenMonthAsync(long month, CancellationToken cancellationToken) => ExecuteAsync("select billing_usage_open_month(cast(@month as integer))", month, cancellationToken);

    public async Task CloseMonthsAsync(long before, CancellationToken cancellationToken)
    {
        foreach (var month in await EmptyAsync(before, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                await ExecuteAsync("select billing_usage_close_month(cast(@month as integer))", month, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                // Others are at work: the tables stay until the next time.
            }
        }
    }

    // Looked at without a lock, so that nobody waits where there is nothing to close; whoever closes one looks again.
    private async Task<IReadOnlyList<long>> EmptyAsync(long before, CancellationToken cancellationToken)
    {
        await using var connection = await dialect.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        var names = await connection.QueryAsync<string>(new CommandDefinition(
            "select c.relname from pg_inherits as i join pg_class as c on c.oid = i.inhrelid where i.inhparent = cast('billing_usage_batch' as regclass) order by 1", cancellationToken: cancellationToken)).ConfigureAwait(false);
        var empty = new List<long>();
        foreach (var name in names)
        {
            var (year, month) = (int.Parse(name[^7..^3], CultureInfo.InvariantCulture), int.Parse(name[^2..], CultureInfo.InvariantCulture));
            var number = ArchivedUsage.NumberOf(new YearMonth(year, month));
            if (number < before && !await connection.ExecuteScalarAsync<bool>(new CommandDefinition($"select exists (select 1 from {name})", cancellationToken: cancellationToken)).ConfigureAwait(false))
            {
                empty.Add(number);
            }
        }

        return empty;
    }

    private async Task ExecuteAsync(string sql, long month, CancellationToken cancellationToken)
    {
        await using var connection = await dialect.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync(new CommandDefinition(sql, new { month }, cancellationToken: cancellationToken)).ConfigureAwait(false);
    }
}
