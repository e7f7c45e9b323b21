using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BillApis.Auditing;
using BillApis.Metering;
using BillApis.Storage.Sql.Auditing;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Takes archived events out of <c>billing_usage_…</c> and notes their files in <c>billing_usage_archive</c>; <c>billing_usage_restored</c> has the months that came back.</summary>
internal sealed class SqlUsageArchive(SqlDatabase database) : IUsageArchiveStore
{
    private readonly IOldUsage _old = database.Dialect.OldUsage;

    public Task OpenMonthAsync(YearMonth month, CancellationToken cancellationToken) => _old.OpenMonthAsync(ArchivedUsage.NumberOf(month), cancellationToken);

    public Task CloseMonthsAsync(YearMonth before, CancellationToken cancellationToken) => _old.CloseMonthsAsync(ArchivedUsage.NumberOf(before), cancellationToken);

    public Task<bool> TryLeaseAsync(Duration duration, CancellationToken cancellationToken) =>
        database.WriteAsync(
            null,
            async transaction => await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                $"update billing_usage_retention set lease_until = {database.Dialect.Now} + @Microseconds where lease_until <= {database.Dialect.Now}",
                new { Microseconds = duration.BclCompatibleTicks / 10 },
                transaction,
                cancellationToken: cancellationToken)).ConfigureAwait(false) == 1,
            cancellationToken);

    public async Task<IReadOnlyList<TenantId>> TenantsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(null, cancellationToken).ConfigureAwait(false);
        return [.. (await connection.QueryAsync<string>(new CommandDefinition("select distinct tenant_id from billing_usage_source order by 1", cancellationToken: cancellationToken)).ConfigureAwait(false)).Select(EntityId.Parse<TenantId>)];
    }

    public async Task<IReadOnlyList<YearMonth>> DueAsync(TenantId tenant, YearMonth before, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(tenant, cancellationToken).ConfigureAwait(false);
        return [.. (await _old.MonthsAsync(connection, tenant, ArchivedUsage.NumberOf(before), cancellationToken).ConfigureAwait(false)).Order().Select(ArchivedUsage.MonthOf)];
    }

    public async Task<UsageArchiveLot?> ReadAsync(TenantId tenant, YearMonth month, Instant at, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(tenant, cancellationToken).ConfigureAwait(false);
        var number = ArchivedUsage.NumberOf(month);
        for (var last = await LastAsync(connection, tenant, number, cancellationToken).ConfigureAwait(false); ;)
        {
            var rows = await IsKeptAsync(connection, null, tenant, number, at, cancellationToken).ConfigureAwait(false) ? [] : await _old.FindAsync(connection, tenant, number, cancellationToken).ConfigureAwait(false);
            if (rows.Count == 0)
            {
                return null;
            }

            var events = await _old.ReadAsync(connection, null, tenant, rows, cancellationToken).ConfigureAwait(false);
            var now = await LastAsync(connection, tenant, number, cancellationToken).ConfigureAwait(false);
            if (now == last)
            {
                return new UsageArchiveLot(tenant, month, now + 1, [.. events.Select(row => row.Read())], rows, Fingerprint(events));
            }

            // Another node archived some of them meanwhile: a file of the same events under the next number would be nobody's.
            last = now;
        }
    }

    public Task<bool> RemoveAsync(UsageArchiveLot lot, UsageArchivePart part, CancellationToken cancellationToken) => database.TransactAsync(
        lot.Tenant,
        async transaction =>
        {
            // Alone: nobody corrects one of them, or counts an orphan among them, meanwhile.
            await UsageLock.HoldAsync(database.Dialect, transaction, lot.Tenant, cancellationToken).ConfigureAwait(false);
            var events = await _old.ReadAsync(transaction.Connection!, transaction, lot.Tenant, lot.Rows, cancellationToken).ConfigureAwait(false);
            if (Fingerprint(events) != lot.Fingerprint
                || await IsKeptAsync(transaction.Connection!, transaction, lot.Tenant, ArchivedUsage.NumberOf(lot.Month), part.ArchivedAt, cancellationToken).ConfigureAwait(false)
                || await RunAsync(transaction, UsageArchiveRow.Insert, UsageArchiveRow.Of(part), cancellationToken).ConfigureAwait(false) == 0)
            {
                return false;
            }

            await _old.RemoveAsync(transaction, lot.Tenant, lot.Rows, events, cancellationToken).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    public Task<bool> RestoreAsync(UsageRestoration restoration, CancellationToken cancellationToken) => database.TransactAsync(
        restoration.Tenant,
        async transaction =>
        {
            var (tenant, key) = (restoration.Tenant, new { Tenant = restoration.Tenant.ToString(), Month = ArchivedUsage.NumberOf(restoration.Month), KeepUntil = restoration.KeepUntil.ToMicroseconds() });
            await UsageLock.HoldAsync(database.Dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
            var parts = await transaction.Connection!.QueryAsync<UsageArchiveRow>(new CommandDefinition(
                $"{UsageArchiveRow.Select} and month = @Month order by part", key, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
            if (!parts.Select(row => row.Read(tenant)).SequenceEqual(restoration.Parts))
            {
                return false;
            }

            await foreach (var events in restoration.Events.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await RestoreAsync(transaction, restoration, events, cancellationToken).ConfigureAwait(false);
            }

            await RunAsync(transaction, "delete from billing_usage_archive where tenant_id = @Tenant and month = @Month", key, cancellationToken).ConfigureAwait(false);
            await RunAsync(
                transaction, "insert into billing_usage_restored (tenant_id, month, keep_until) values (@Tenant, @Month, @KeepUntil) on conflict (tenant_id, month) do update set keep_until = excluded.keep_until", key, cancellationToken).ConfigureAwait(false);
            return AuditSource.Current is not { } source
                || await AuditWriter.AddAsync(database.Dialect, transaction, tenant, source, [Change(restoration)], cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    public async Task<Page<UsageArchivePart>> ListAsync(TenantId tenant, UsageArchiveQuery query, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var after = After(query.After);
        var rows = (await connection.QueryAsync<UsageArchiveRow>(new CommandDefinition(
            $"{UsageArchiveRow.Select}{(query.Month is null ? "" : " and month = @Month")}{(after is null ? "" : " and (month, part) > (@AfterMonth, @AfterPart)")} order by month, part limit @Limit",
            new { Tenant = tenant.ToString(), Month = query.Month is { } month ? ArchivedUsage.NumberOf(month) : 0, AfterMonth = after?.Month, AfterPart = after?.Part, Limit = query.Limit + 1 },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        return new Page<UsageArchivePart>([.. rows.Take(query.Limit).Select(row => row.Read(tenant))], rows.Count > query.Limit ? $"{rows[query.Limit - 1].Month} {rows[query.Limit - 1].Part}" : null);
    }

    public async Task<IReadOnlyList<RestoredMonth>> RestoredAsync(TenantId tenant, Instant at, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<(long Month, long KeepUntil)>(new CommandDefinition(
            "select month, keep_until from billing_usage_restored where tenant_id = @Tenant and keep_until > @At order by month", new { Tenant = tenant.ToString(), At = at.ToMicroseconds() }, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => new RestoredMonth(ArchivedUsage.MonthOf(row.Month), SqlTime.FromMicroseconds(row.KeepUntil)))];
    }

    private async Task RestoreAsync(DbTransaction transaction, UsageRestoration restoration, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        var entries = new UsageBatch(new UsageDelivery(restoration.Tenant, [.. events.Select(item => UsageCorrections.Measured(item, restoration.Metrics)!)]).Entries, UsageGates.None).Entries;
        if (entries.Count != events.Count || !await _old.RestoreAsync(transaction, restoration.Tenant, entries, cancellationToken).ConfigureAwait(false))
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The archive of {restoration.Month:uuuu-MM} has events that were not archived from this database; nothing was restored.");
        }
    }

    private static async Task<int> LastAsync(DbConnection connection, TenantId tenant, long month, CancellationToken cancellationToken) =>
        (int)(await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "select max(part) from billing_usage_archive where tenant_id = @Tenant and month = @Month", new { Tenant = tenant.ToString(), Month = month }, cancellationToken: cancellationToken)).ConfigureAwait(false) ?? 0);

    private static Task<bool> IsKeptAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, long month, Instant at, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select 1 from billing_usage_restored where tenant_id = @Tenant and month = @Month and keep_until > @At)",
            new { Tenant = tenant.ToString(), Month = month, At = at.ToMicroseconds() }, transaction, cancellationToken: cancellationToken));

    private static AuditChange Change(UsageRestoration restoration) => new(
        "usage_archive.restored", $"{restoration.Month:uuuu-MM}", null,
        JsonSerializer.SerializeToElement(new { Events = restoration.Parts.Sum(part => part.Events), restoration.KeepUntil }, BillingJson.Options));

    private static Task<int> RunAsync(DbTransaction transaction, string sql, object parameters, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken));

    private static (long Month, long Part)? After(string? cursor) => cursor is null ? null
        : cursor.Split(' ') is [var first, var second] && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var month) && long.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var part)
            ? (month, part)
            : throw BillingException.Field("cursor", "must be the next_cursor of the page before");

    private static string Fingerprint(IReadOnlyList<EventRow> events)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var item in events)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{item}\n"));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
