using System.Data.Common;
using BillApis.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Keeps what is said of events later, and counts anew what that changes, in one transaction that no intake of the tenant runs beside.</summary>
internal sealed class UsageCorrections(SqlDatabase database, UsageDeltas deltas)
{
    private readonly SqlDialect _dialect = database.Dialect;

    public async Task<StoredEvent?> FindAsync(TenantId tenant, string source, string id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(tenant, cancellationToken).ConfigureAwait(false);
        return await EventAsync(connection, null, tenant, source, id, cancellationToken).ConfigureAwait(false) is { } found
            ? (await AddAsync(tenant, [found], cancellationToken).ConfigureAwait(false))[0]
            : !await IsKnownAsync(connection, tenant, source, id, cancellationToken).ConfigureAwait(false) ? null
            : throw new BillingException(BillingErrorCode.Conflict, $"The event '{id}' is archived: it can neither be shown nor changed.");
    }

    /// <summary>Puts what was said of them later beside events.</summary>
    public async Task<IReadOnlyList<StoredEvent>> AddAsync(TenantId tenant, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var rows = (await RowsAsync(connection, null, tenant, events, cancellationToken).ConfigureAwait(false)).ToLookup(row => (row.Source, row.Id));
        return rows.Count == 0 ? events : [.. events.Select(item => item with { Corrections = [.. rows[(item.Event.Source, item.Event.Id)].Select(row => row.Correction)] })];
    }

    public Task<bool> CorrectAsync(TenantId tenant, StampedCorrection correction, CancellationToken cancellationToken) =>
        database.WriteAsync(
            tenant,
            async transaction =>
            {
                await UsageLock.HoldAsync(_dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
                await deltas.MergeAsync(transaction, tenant, cancellationToken).ConfigureAwait(false);
                await _dialect.UsageLog.CatchUpAsync(transaction, cancellationToken).ConfigureAwait(false);
                var found = await EventAsync(transaction.Connection!, transaction, tenant, correction.Source, correction.Event, cancellationToken).ConfigureAwait(false);
                var rows = found is null ? [] : await RowsAsync(transaction.Connection!, transaction, tenant, [found], cancellationToken).ConfigureAwait(false);
                var before = rows.Count == 0 ? found : rows[^1].Content;
                if (found is null || rows.Count != correction.After || before?.Metrics.Except(correction.Metrics.Select(metric => metric.Id)).Any() is true)
                {
                    return false;
                }

                await WriteAsync(transaction, Insert, tenant, correction, found, cancellationToken).ConfigureAwait(false);
                await WriteAsync(transaction, CloseOrphans, tenant, correction, found, cancellationToken).ConfigureAwait(false);
                await CountAsync(transaction, tenant, [.. new[] { Measured(before, correction.Metrics), correction.Content }.OfType<StampedEvent>()], cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    private async Task CountAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<StampedEvent> changed, CancellationToken cancellationToken)
    {
        await new UsageRecount(_dialect, transaction, tenant).RunAsync(changed, cancellationToken).ConfigureAwait(false);
        var late = new LateMarks(await UsageGates.ReadAsync(_dialect, transaction, tenant, changed, cancellationToken).ConfigureAwait(false));
        foreach (var item in changed)
        {
            foreach (var part in item.Contributions)
            {
                late.Add(item.Customer!.Value, part.Metric, item.Event.SubscriptionId, item.At);
            }
        }

        await late.WriteAsync(_dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
    }

    // What counted until now.
    internal static StampedEvent? Measured(StoredEvent? before, IReadOnlyList<Metric> metrics) => before is null ? null : new StampedEvent
    {
        Event = before.Event, At = before.Event.Timestamp!.Value, RecordedAt = before.RecordedAt, Hash = "", Customer = before.Customer,
        Contributions = [.. before.Metrics.Select(id => metrics.First(metric => metric.Id == id).Measure(before.Event, out var part) is null ? part : throw new InvalidOperationException($"The event '{before.Event.Id}' counted and cannot be measured."))],
    };

    // Whether an event of the key was ever stored: what is archived leaves its key.
    private Task<bool> IsKnownAsync(DbConnection connection, TenantId tenant, string source, string id, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            $"select {_dialect.UsageLog.IsKnown("@source", "@id")}",
            new { Tenant = tenant.ToString(), source, id },
            cancellationToken: cancellationToken));

    private async Task<StoredEvent?> EventAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, string source, string id, CancellationToken cancellationToken) =>
        (await connection.QueryFirstOrDefaultAsync<EventRow>(new CommandDefinition(
            $"select {EventRow.Columns} from {_dialect.UsageLog.Keyed("@Source", "@Id")} where e.tenant_id = @Tenant",
            new { Tenant = tenant.ToString(), Source = source, Id = id },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false))?.Read();

    private async Task<List<CorrectionRow>> RowsAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken) => events.Count == 0
        ? []
        : [.. (await connection.BulkReadAsync<CorrectionRow>(transaction, Corrections(), tenant, events.Select(item => new { source = item.Event.Source, id = item.Event.Id }), cancellationToken).ConfigureAwait(false))
            .OrderBy(row => row.Sequence)];

    private static Task<int> WriteAsync(DbTransaction transaction, string sql, TenantId tenant, StampedCorrection correction, StoredEvent found, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, Row(tenant, correction, found), transaction, cancellationToken: cancellationToken));

    private static object Row(TenantId tenant, StampedCorrection correction, StoredEvent found) => new
    {
        Tenant = tenant.ToString(), correction.Source, Id = correction.Event, Sequence = (long)correction.After + 1, CorrectionId = correction.Id.ToString(), correction.Reason,
        RecordedAt = correction.RecordedAt.ToMicroseconds(), correction.Content?.Event.Type, correction.Content?.Event.Customer, CustomerId = correction.Content?.Customer?.ToString(),
        SubscriptionId = correction.Content is { } content ? content.Event.SubscriptionId?.ToString() ?? "" : null, At = correction.Content?.At.ToMicroseconds(),
        ArrivedAt = found.RecordedAt.ToMicroseconds(), Properties = correction.Content?.Event.Properties.ToString(),
        Metrics = correction.Content is { } counted ? string.Join(' ', counted.Contributions.Select(part => part.Metric.Id)) : null,
    };

    private const string Insert = """
        insert into billing_usage_correction
            (tenant_id, source, id, sequence, correction_id, reason, recorded_at, type, customer, customer_id, subscription_id, at, arrived_at, properties, metrics)
        values (@Tenant, @Source, @Id, @Sequence, @CorrectionId, @Reason, @RecordedAt, @Type, @Customer, @CustomerId, @SubscriptionId, @At, @ArrivedAt, @Properties, @Metrics)
        """;

    private const string CloseOrphans =
        "update billing_usage_orphan set recovered_at = @RecordedAt where tenant_id = @Tenant and source = @Source and id = @Id and recovered_at is null and discarded_at is null";

    private string Corrections() =>
        $"""
        select {CorrectionRow.Columns}
        from {_dialect.Rows("Rows", "source text", "id text")} as r
        cross join billing_usage_correction as c
        where c.tenant_id = @Tenant and c.source = r.source and c.id = r.id
        """;
}
