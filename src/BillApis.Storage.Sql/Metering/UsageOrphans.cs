using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Gives orphans up, and finds whose there are.</summary>
internal sealed class UsageOrphans(SqlDatabase database)
{
    public Task<IReadOnlyList<string>> DiscardAsync(TenantId tenant, string source, IReadOnlyCollection<string> ids, string reason, Instant at, CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<string>>(
            tenant,
            async transaction =>
            {
                var rows = ids.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(id => new { source, id, reason, at = at.ToMicroseconds() });
                return [.. (await transaction.BulkReadAsync<string>(Discard(), tenant, rows, cancellationToken).ConfigureAwait(false)).Distinct().Order(StringComparer.Ordinal)];
            },
            cancellationToken);

    public async Task<TenantId?> NextTenantAsync(TenantId? after, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        var tenant = await connection.QueryFirstOrDefaultAsync<string>(new CommandDefinition(
            $"select tenant_id from billing_usage_orphan where {Open("billing_usage_orphan")}{(after is null ? "" : " and tenant_id > @After")} order by tenant_id limit 1",
            new { After = after?.ToString() },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return tenant is null ? null : EntityId.Parse<TenantId>(tenant);
    }

    /// <summary>The condition for orphans that may still be counted.</summary>
    public static string Open(string table) => $"{table}.recovered_at is null and {table}.discarded_at is null";

    private string Discard() =>
        $"""
        update billing_usage_orphan set discarded_at = r.at, discard_reason = r.reason
        from {database.Dialect.Rows("Rows", "source text", "id text", "reason text", "at bigint")} as r
        where billing_usage_orphan.tenant_id = @Tenant and billing_usage_orphan.source = r.source and billing_usage_orphan.id = r.id and {Open("billing_usage_orphan")}
        returning billing_usage_orphan.id
        """;
}
