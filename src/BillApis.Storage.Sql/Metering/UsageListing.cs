using System.Buffers.Text;
using System.Data.Common;
using System.Text;
using System.Text.Json;
using BillApis.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Lists events and orphans, page by page.</summary>
internal sealed class UsageListing(SqlDatabase database)
{
    private const int FirstLook = 16;

    public async Task<Page<StoredEvent>> ListEventsAsync(TenantId tenant, UsageQuery query, CancellationToken cancellationToken)
    {
        var (after, log) = (Cursor.Read(query.After), database.Dialect.UsageLog);
        var (from, to) = (query.From?.ToMicroseconds() ?? 0, Math.Min(query.To?.ToMicroseconds() ?? long.MaxValue, after is null ? long.MaxValue : after.At + 1));
        await using var connection = await database.OpenUsageAsync(tenant, cancellationToken).ConfigureAwait(false);
        for (var skip = FirstLook; ; skip = skip > int.MaxValue / FirstLook ? 0 : skip * FirstLook)
        {
            // The latest first: what lies before the floor is read only where that is not enough for the page.
            var floor = skip == 0 ? null : await log.FloorAsync(connection, tenant, query.Customer, to, skip, cancellationToken).ConfigureAwait(false);
            var rows = (await connection.QueryAsync<EventRow>(new CommandDefinition(
                Events(query, after),
                new
                {
                    Tenant = tenant.ToString(), Customer = query.Customer?.ToString(), query.Type, From = Math.Max(from, floor ?? from), To = to,
                    after?.At, after?.Source, after?.Id, Limit = query.Limit + 1, Known = query.CountedBefore?.ToMicroseconds(),
                },
                cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
            if (floor is null || floor <= from || rows.Count > query.Limit)
            {
                rows.AddRange(await AmendedAsync(connection, tenant, query, after, (from, to), cancellationToken).ConfigureAwait(false));
                var latest = rows.OrderByDescending(row => row.At).ThenByDescending(row => row.Source, StringComparer.Ordinal).ThenByDescending(row => row.Id, StringComparer.Ordinal).Take(query.Limit + 1).ToList();
                return Page(latest, query.Limit, row => row.Read(), row => new Cursor(row.At, row.Source, row.Id, ""));
            }
        }
    }

    // What counts in the place of other events, wherever those were.
    private static async Task<IEnumerable<EventRow>> AmendedAsync(DbConnection connection, TenantId tenant, UsageQuery query, Cursor? after, (long From, long To) time, CancellationToken cancellationToken)
    {
        if (query.CountedBefore is not { } known)
        {
            return [];
        }

        var filters = string.Concat(
            query.Customer is null ? "" : " and c.customer_id = @Customer",
            query.Type is null ? "" : " and c.type = @Type",
            after is null ? "" : " and (c.at < @At or (c.source, c.id) < (@Source, @Id))");
        return await connection.QueryAsync<EventRow>(new CommandDefinition(
            $"""
            select {NetEvents.Columns}
            from billing_usage_correction as c
            where c.tenant_id = @Tenant and c.at >= @From and c.at < @To and c.recorded_at < @Known{filters}
              and not exists (select 1 from billing_usage_correction as n where n.tenant_id = @Tenant and n.source = c.source and n.id = c.id and n.sequence > c.sequence and n.recorded_at < @Known)
            order by c.at desc, c.source desc, c.id desc
            limit @Limit
            """,
            new { Tenant = tenant.ToString(), Customer = query.Customer?.ToString(), query.Type, time.From, time.To, Known = known.ToMicroseconds(), after?.At, after?.Source, after?.Id, Limit = query.Limit + 1 },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
    }

    private string Events(UsageQuery query, Cursor? after)
    {
        var view = query.Customer is null ? EventRow.ByTime : EventRow.ByCustomer;
        var filters = string.Concat(
            query.Customer is null ? "" : " and e.customer_id = @Customer",
            query.Type is null ? "" : " and e.type = @Type",
            query.CountedBefore is null ? "" : " and not exists (select 1 from billing_usage_correction as c where c.tenant_id = @Tenant and c.source = e.source and c.id = e.id and c.recorded_at < @Known)",
            after is null ? "" : " and (e.at < @At or (e.source, e.id) < (@Source, @Id))");
        return $"""
            select {EventRow.Columns}
            from {view} as e
            where e.tenant_id = @Tenant and {database.Dialect.UsageLog.Happened(view, "@From", "@To")}{filters}
            order by e.at desc, e.source desc, e.id desc
            limit @Limit
            """;
    }

    public async Task<Page<OrphanEvent>> ListOrphansAsync(TenantId tenant, OrphanQuery query, CancellationToken cancellationToken)
    {
        var after = Cursor.Read(query.After);
        var filters = string.Concat(
            query.Reason is null ? "" : " and o.reason = @Reason",
            after is null ? "" : " and o.recorded_at >= @At and (o.recorded_at > @At or (o.source, o.id, o.metric_id) > (@Source, @Id, @Metric))");
        var rows = await ReadAsync<OrphanRow>(
            tenant,
            $"""
            select {EventRow.Columns}, o.metric_id as MetricId, o.reason as Reason, o.discarded_at as DiscardedAt, o.discard_reason as DiscardReason
            from billing_usage_orphan as o
            cross join {database.Dialect.UsageLog.Keyed("o.source", "o.id")}
            where e.tenant_id = o.tenant_id and o.tenant_id = @Tenant and {(query.Discarded ? "o.discarded_at is not null" : UsageOrphans.Open("o"))}{filters}
            order by o.recorded_at, o.source, o.id, o.metric_id
            limit @Limit
            """,
            new
            {
                Tenant = tenant.ToString(), Reason = query.Reason is { } reason ? JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString()) : null,
                after?.At, after?.Source, after?.Id, after?.Metric, Limit = query.Limit + 1,
            },
            cancellationToken).ConfigureAwait(false);
        return Page(rows, query.Limit, row => row.ReadOrphan(), row => new Cursor(row.RecordedAt, row.Source, row.Id, row.MetricId));
    }

    private async Task<List<T>> ReadAsync<T>(TenantId tenant, string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(tenant, cancellationToken).ConfigureAwait(false);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
    }

    private static Page<TItem> Page<TRow, TItem>(List<TRow> rows, int limit, Func<TRow, TItem> read, Func<TRow, Cursor> cursor)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(limit is > 0 and <= Limits.PageSize, true, nameof(limit));
        return new Page<TItem>([.. rows.Take(limit).Select(read)], rows.Count > limit ? cursor(rows[limit - 1]).ToString() : null);
    }

    private sealed record OrphanRow : EventRow
    {
        public required string MetricId { get; init; }
        public required string Reason { get; init; }
        public long? DiscardedAt { get; init; }
        public string? DiscardReason { get; init; }

        public OrphanEvent ReadOrphan() => new(
            Read(),
            JsonSerializer.Deserialize<OrphanReason>($"\"{Reason}\"", BillingJson.Options),
            MetricId.Length == 0 ? null : EntityId.Parse<MetricId>(MetricId))
        {
            DiscardedAt = DiscardedAt is { } at ? SqlTime.FromMicroseconds(at) : null,
            DiscardReason = DiscardReason,
        };
    }

    /// <summary>The last row of a page, as the caller carries it to the next.</summary>
    private sealed record Cursor(long At, string Source, string Id, string Metric)
    {
        public static Cursor? Read(string? text)
        {
            try
            {
                return text is null ? null : JsonSerializer.Deserialize<Cursor>(Base64Url.DecodeFromChars(text));
            }
            catch (Exception exception) when (exception is FormatException or JsonException)
            {
                throw BillingException.Field("cursor", "must be the next_cursor of the page before");
            }
        }

        public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(this)));
    }
}
