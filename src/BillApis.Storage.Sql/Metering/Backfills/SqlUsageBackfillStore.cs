using System.Data.Common;
using BillApis.Metering;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Backfills in <c>billing_usage_backfill</c>, applied and reverted in one transaction each: whoever comes between sees nothing of it, and so does a crash.</summary>
internal sealed class SqlUsageBackfillStore(SqlDatabase database, SqlUsageStore usage) : SqlStore<UsageBackfill>(database, Map), IUsageBackfillStore
{
    private static readonly Duration Instantly = Duration.FromTicks(10);
    private static readonly EntityMap<UsageBackfill> Map = EntityMap<UsageBackfill>.Of("billing_usage_backfill", EntityColumn<UsageBackfill>.Text("status", item => EntityMaps.Wire(item.Status)));
    private readonly SqlDatabase _database = database;
    private readonly HeldEvents _held = new(database);

    public Task<IReadOnlyList<AppendResult>?> HoldAsync(UsageBackfill backfill, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken) =>
        _database.WriteAsync<IReadOnlyList<AppendResult>?>(
            backfill.Tenant,
            async transaction =>
            {
                if (!await LockAsync(transaction, backfill, cancellationToken).ConfigureAwait(false))
                {
                    return null;
                }

                var results = await _held.AddAsync(transaction, backfill, events, cancellationToken).ConfigureAwait(false);
                return await HeldEvents.CountAsync(transaction.Connection!, transaction, backfill.Tenant, backfill.Id, cancellationToken).ConfigureAwait(false) <= Limits.EventsPerBackfill
                    ? results
                    : throw new BillingException(BillingErrorCode.TooLarge, $"A backfill holds at most {Limits.EventsPerBackfill} events; open another one for a part of the timeframe.");
            },
            cancellationToken);

    public Task<IReadOnlyList<UsageEvent>> ReadHeldAsync(TenantId tenant, UsageBackfillId id, UsageEvent? after, int limit, CancellationToken cancellationToken) => _held.ReadAsync(tenant, id, after, limit, cancellationToken);

    public async Task<long> CountHeldAsync(TenantId tenant, UsageBackfillId id, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        return await HeldEvents.CountAsync(connection, null, tenant, id, cancellationToken).ConfigureAwait(false);
    }

    public Task<UsageBackfill?> ApplyAsync(UsageBackfill backfill, BackfillWork work, CancellationToken cancellationToken) => ChangeAsync(
        backfill,
        async transaction =>
        {
            var run = usage.Backfill(transaction, backfill, work);
            await run.EnterAsync(cancellationToken).ConfigureAwait(false);
            var applied = backfill.Applied(work.At, await run.ApplyAsync(cancellationToken).ConfigureAwait(false));
            await RememberAsync(transaction, backfill, run, cancellationToken).ConfigureAwait(false);
            return applied;
        },
        cancellationToken);

    public Task<UsageBackfill?> RevertAsync(UsageBackfill backfill, BackfillWork work, CancellationToken cancellationToken) => ChangeAsync(
        backfill,
        async transaction =>
        {
            if (backfill.Status is UsageBackfillStatus.Open)
            {
                await HeldEvents.ForgetAsync(transaction, backfill, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                var run = usage.Backfill(transaction, backfill, work);
                await run.EnterAsync(cancellationToken).ConfigureAwait(false);
                await run.RevertAsync(cancellationToken).ConfigureAwait(false);
            }

            return backfill.Reverted(work.At);
        },
        cancellationToken);

    public Task<Page<BackfillComparison>> CompareAsync(UsageBackfill backfill, BackfillWork work, string? after, int limit, CancellationToken cancellationToken) =>
        backfill.Status is UsageBackfillStatus.Open ? TryAsync(backfill, work, after, limit, cancellationToken) : RecallAsync(backfill, work, after, limit, cancellationToken);

    // Applied for a moment, looked at and undone: what is compared is what applying does.
    private async Task<Page<BackfillComparison>> TryAsync(UsageBackfill backfill, BackfillWork work, string? after, int limit, CancellationToken cancellationToken)
    {
        const string Before = "before";
        var (result, next) = ((IReadOnlyList<BackfillComparison>)[], (string?)null);
        await _database.TransactAsync(
            backfill.Tenant,
            async transaction =>
            {
                var run = usage.Backfill(transaction, backfill, work);
                await run.EnterAsync(cancellationToken).ConfigureAwait(false);
                await transaction.SaveAsync(Before, cancellationToken).ConfigureAwait(false);
                await run.ApplyAsync(cancellationToken).ConfigureAwait(false);
                await RememberAsync(transaction, backfill, run, cancellationToken).ConfigureAwait(false);
                (var requests, next) = await RequestsAsync(transaction.Connection!, transaction, backfill, work, after, limit, cancellationToken).ConfigureAwait(false);
                var with = await usage.ReadAsync(transaction.Connection!, transaction, backfill.Tenant, requests, cancellationToken).ConfigureAwait(false);
                await transaction.RollbackAsync(Before, cancellationToken).ConfigureAwait(false);
                var without = await usage.ReadAsync(transaction.Connection!, transaction, backfill.Tenant, requests, cancellationToken).ConfigureAwait(false);
                result = [.. without.Zip(with, Compare)];
                return false;
            },
            cancellationToken).ConfigureAwait(false);
        return new Page<BackfillComparison>([.. result], next);
    }

    // What was known right before it was applied, and right then.
    private async Task<Page<BackfillComparison>> RecallAsync(UsageBackfill backfill, BackfillWork work, string? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(backfill.Tenant, cancellationToken).ConfigureAwait(false);
        var (requests, next) = await RequestsAsync(connection, null, backfill, work, after, limit, cancellationToken).ConfigureAwait(false);
        if (requests.Count == 0)
        {
            return new Page<BackfillComparison>([], null);
        }

        var at = backfill.AppliedAt!.Value;
        var readings = await usage.ReadAsync(
            backfill.Tenant, [.. requests.Select(request => request with { Recorded = new Interval(null, at) }), .. requests.Select(request => request with { Recorded = new Interval(null, at + Instantly) })], cancellationToken).ConfigureAwait(false);
        return new Page<BackfillComparison>([.. readings.Take(requests.Count).Zip(readings.Skip(requests.Count), Compare)], next);
    }

    private async Task<UsageBackfill?> ChangeAsync(UsageBackfill backfill, Func<DbTransaction, Task<UsageBackfill>> change, CancellationToken cancellationToken)
    {
        UsageBackfill? changed = null;
        var isChanged = await _database.TransactAsync(
            backfill.Tenant,
            async transaction =>
            {
                if (!await LockAsync(transaction, backfill, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }

                changed = await change(transaction).ConfigureAwait(false);
                return await WriteAsync(transaction, backfill.Tenant, [changed], cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return isChanged ? changed!.WithVersion(backfill.Version + 1) : null;
    }

    // Whoever holds it is alone with the backfill; false where it changed since the caller looked.
    private async Task<bool> LockAsync(DbTransaction transaction, UsageBackfill backfill, CancellationToken cancellationToken) =>
        await transaction.Connection!.ExecuteScalarAsync<long?>(new CommandDefinition(
            $"select version from billing_usage_backfill where tenant_id = @Tenant and id = @Id {_database.Dialect.ForUpdate}",
            new { Tenant = backfill.Tenant.ToString(), Id = backfill.Id.ToString() }, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false) == backfill.Version;

    private async Task RememberAsync(DbTransaction transaction, UsageBackfill backfill, BackfillRun run, CancellationToken cancellationToken)
    {
        foreach (var rows in run.Usage.Select(item => new { backfill_id = backfill.Id, customer_id = item.Customer, metric_id = item.Metric }).Chunk(Limits.EventsPerBatch))
        {
            await transaction.BulkAsync(
                $"""
                insert into billing_usage_backfill_usage (tenant_id, backfill_id, customer_id, metric_id)
                select @Tenant, r.backfill_id, r.customer_id, r.metric_id from {_database.Dialect.Rows("Rows", "backfill_id text", "customer_id text", "metric_id text")} as r
                """,
                backfill.Tenant, rows, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<(IReadOnlyList<UsageRequest> Requests, string? Next)> RequestsAsync(
        DbConnection connection, DbTransaction? transaction, UsageBackfill backfill, BackfillWork work, string? after, int limit, CancellationToken cancellationToken)
    {
        var rows = (await connection.QueryAsync<UsageRow>(new CommandDefinition(
            $"""
            select customer_id as CustomerId, metric_id as MetricId from billing_usage_backfill_usage
            where tenant_id = @Tenant and backfill_id = @Backfill{(after is null ? "" : " and customer_id || ' ' || metric_id > @After")}
            order by customer_id, metric_id
            limit @Limit
            """,
            new { Tenant = backfill.Tenant.ToString(), Backfill = backfill.Id.ToString(), After = after, Limit = limit + 1 },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        var metrics = work.Metrics.ToDictionary(metric => metric.Id);
        return (
            [.. rows.Take(limit).Select(row => new UsageRequest(metrics[EntityId.Parse<MetricId>(row.MetricId)], EntityId.Parse<CustomerId>(row.CustomerId), backfill.Period))],
            rows.Count > limit ? $"{rows[limit - 1].CustomerId} {rows[limit - 1].MetricId}" : null);
    }

    private static BackfillComparison Compare(UsageReading before, UsageReading after) =>
        new(before.Request.Customer, before.Request.Metric.Id, before.Groups.Single().Value, after.Groups.Single().Value, before.Events, after.Events);

    private sealed record UsageRow
    {
        public required string CustomerId { get; init; }
        public required string MetricId { get; init; }
    }
}
