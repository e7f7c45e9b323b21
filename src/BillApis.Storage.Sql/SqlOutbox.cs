using System.Data.Common;
using BillApis.Outbox;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql;

/// <summary>Events and whether they were carried out, in <c>billing_outbox</c>.</summary>
internal sealed class SqlOutbox(SqlDatabase database) : IOutboxStore
{
    /// <summary>Adds events to the transaction that caused them; answers them with their places.</summary>
    public static async Task<IReadOnlyList<OutboxEvent>> AddAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
        {
            return [];
        }

        var rows = new SqlRows("type text", "subject_id text", "at bigint", "data text");
        foreach (var item in events)
        {
            rows.Add(item.Type, item.SubjectId, item.At.ToMicroseconds(), item.Data);
        }

        var positions = await dialect.NumberAsync(
            transaction,
            tenant,
            rows,
            table => $"insert into billing_outbox (tenant_id, type, subject_id, at, data) select @Tenant, r.type, r.subject_id, r.at, r.data from {table} as r",
            "position",
            cancellationToken).ConfigureAwait(false);
        return [.. positions.Zip(events, (position, item) => new OutboxEvent(position, tenant, item))];
    }

    public IReadOnlyList<OutboxEvent>? TakeCommitted(TenantId? tenant) => database.Events.Take(tenant);

    public async Task<IReadOnlyList<OutboxEvent>> PendingAsync(TenantId? tenant, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"{Select} where done_at is null {(tenant is null ? "" : "and tenant_id = @Tenant")} order by position limit @Limit",
            new { Tenant = tenant?.ToString(), Limit = limit },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
    }

    public async Task<IReadOnlyList<OutboxEvent>> OfSubjectAsync(TenantId tenant, string subject, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"{Select} where tenant_id = @Tenant and subject_id = @Subject order by position limit {Limits.PageSize}",
            new { Tenant = tenant.ToString(), Subject = subject },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
    }

    public async Task DoneAsync(IReadOnlyList<OutboxEvent> events, Instant at, CancellationToken cancellationToken)
    {
        // One order for all nodes, whichever tenant's event each has first: they never wait for each other in a circle.
        var tenants = events.GroupBy(item => item.Tenant).OrderBy(group => group.Key.Value).Select(group => (Tenant: group.Key, Ranges: Ranges(group, at))).ToList();
        await database.WriteAsync(
            tenants.Count == 1 ? events[0].Tenant : null,
            async transaction =>
            {
                foreach (var (tenant, ranges) in tenants)
                {
                    await database.Dialect.WriteAsync(transaction, tenant, ranges, Done, cancellationToken).ConfigureAwait(false);
                }

                return true;
            },
            cancellationToken).ConfigureAwait(false);
        database.Events.Done(events);
    }

    // What was stored together stands together: few ranges say what thousands of numbers would.
    private static SqlRows Ranges(IEnumerable<OutboxEvent> events, Instant at)
    {
        var rows = new SqlRows("first bigint", "last bigint", "at bigint");
        foreach (var range in events.Select(item => item.Position).Distinct().Order().Select((position, place) => (position, Gap: position - place)).GroupBy(item => item.Gap, item => item.position))
        {
            rows.Add(range.First(), range.Last(), at.ToMicroseconds());
        }

        return rows;
    }

    private static string Done(string ranges) =>
        $"""
        update billing_outbox set done_at = r.at
        from {ranges} as r
        where billing_outbox.tenant_id = @Tenant and billing_outbox.position between r.first and r.last and billing_outbox.done_at is null
        """;

    private const string Select = "select position as Position, tenant_id as TenantId, type as Type, subject_id as SubjectId, at as At, data as Data from billing_outbox";

    private sealed record Row
    {
        public required long Position { get; init; }
        public required string TenantId { get; init; }
        public required string Type { get; init; }
        public required string SubjectId { get; init; }
        public required long At { get; init; }
        public required string Data { get; init; }

        public OutboxEvent Read() => new(Position, EntityId.Parse<TenantId>(TenantId), new BillingEvent(Type, SubjectId, SqlTime.FromMicroseconds(At), Data));
    }
}
