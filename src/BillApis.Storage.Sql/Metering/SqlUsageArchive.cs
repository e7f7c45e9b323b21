using System.Security.Cryptography;
using System.Text;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Takes archived events out of <c>billing_usage_…</c> and notes their files in <c>billing_usage_archive</c>.</summary>
internal sealed class SqlUsageArchive(SqlDatabase database) : IUsageArchiveStore
{
    private readonly IOldUsage _old = database.Dialect.OldUsage;

    public Task OpenMonthAsync(YearMonth month, CancellationToken cancellationToken) => _old.OpenMonthAsync(ArchivedUsage.NumberOf(month), cancellationToken);

    public Task CloseMonthAsync(YearMonth month, CancellationToken cancellationToken) => _old.CloseMonthAsync(ArchivedUsage.NumberOf(month), cancellationToken);

    public Task<bool> TryLeaseAsync(Duration duration, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction => await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                $"update billing_usage_retention set lease_until = {database.Dialect.Now} + @Microseconds where lease_until <= {database.Dialect.Now}",
                new { Microseconds = duration.BclCompatibleTicks / 10 },
                transaction,
                cancellationToken: cancellationToken)).ConfigureAwait(false) == 1,
            cancellationToken);

    public async Task<IReadOnlyList<(TenantId Tenant, YearMonth Month)>> DueAsync(YearMonth before, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<(string TenantId, long Month)>(new CommandDefinition(_old.Due, new { Before = ArchivedUsage.NumberOf(before) }, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => (EntityId.Parse<TenantId>(row.TenantId), ArchivedUsage.MonthOf(row.Month))).OrderBy(row => row.Item2).ThenBy(row => row.Item1.Value)];
    }

    public async Task<UsageArchiveLot?> ReadAsync(TenantId tenant, YearMonth month, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(cancellationToken).ConfigureAwait(false);
        var number = ArchivedUsage.NumberOf(month);
        var rows = await _old.FindAsync(connection, tenant, number, cancellationToken).ConfigureAwait(false);
        if (rows.Count == 0)
        {
            return null;
        }

        var events = await _old.ReadAsync(connection, null, tenant, rows, cancellationToken).ConfigureAwait(false);
        var last = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "select max(part) from billing_usage_archive where tenant_id = @Tenant and month = @Month", new { Tenant = tenant.ToString(), Month = number }, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return new UsageArchiveLot(tenant, month, (int)(last ?? 0) + 1, [.. events.Select(row => row.Read())], rows, Fingerprint(events));
    }

    public async Task<bool> RemoveAsync(UsageArchiveLot lot, UsageArchivePart part, CancellationToken cancellationToken) =>
        await database.TransactAsync(
            async transaction =>
            {
                // Alone: nobody corrects one of them, or counts an orphan among them, meanwhile.
                await UsageIntake.LockAsync(transaction, database.Dialect.LockExclusive, $"usage\n{lot.Tenant}", cancellationToken).ConfigureAwait(false);
                var events = await _old.ReadAsync(transaction.Connection!, transaction, lot.Tenant, lot.Rows, cancellationToken).ConfigureAwait(false);
                var noted = Fingerprint(events) == lot.Fingerprint && await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    """
                    insert into billing_usage_archive (tenant_id, month, part, file, events, bytes, sha256, archived_at)
                    values (@Tenant, @Month, @Part, @File, @Events, @Bytes, @Sha256, @ArchivedAt)
                    on conflict do nothing
                    """,
                    new
                    {
                        Tenant = part.Tenant.ToString(), Month = ArchivedUsage.NumberOf(part.Month), Part = (long)part.Part, part.File, part.Events, part.Bytes, part.Sha256, ArchivedAt = part.ArchivedAt.ToMicroseconds(),
                    },
                    transaction,
                    cancellationToken: cancellationToken)).ConfigureAwait(false) == 1;
                if (noted)
                {
                    await _old.RemoveAsync(transaction, lot.Tenant, lot.Rows, events, cancellationToken).ConfigureAwait(false);
                }

                return noted;
            },
            cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<UsageArchivePart>> ListAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "select month as Month, part as Part, file as File, events as Events, bytes as Bytes, sha256 as Sha256, archived_at as ArchivedAt from billing_usage_archive where tenant_id = @Tenant order by month, part",
            new { Tenant = tenant.ToString() },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => new UsageArchivePart(tenant, ArchivedUsage.MonthOf(row.Month), (int)row.Part, row.File, row.Events, row.Bytes, row.Sha256, SqlTime.FromMicroseconds(row.ArchivedAt)))];
    }

    private static string Fingerprint(IReadOnlyList<EventRow> events)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var item in events)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{item}\n"));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private sealed record Row
    {
        public required long Month { get; init; }
        public required long Part { get; init; }
        public required string File { get; init; }
        public required long Events { get; init; }
        public required long Bytes { get; init; }
        public required string Sha256 { get; init; }
        public required long ArchivedAt { get; init; }
    }
}
