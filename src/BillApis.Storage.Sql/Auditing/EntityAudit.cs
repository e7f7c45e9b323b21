using System.Data.Common;
using System.Text.Json;
using BillApis.Auditing;
using Dapper;

namespace BillApis.Storage.Sql.Auditing;

/// <summary>Tells the audit trail what a request changes in one table: what stood there before the write, and what stands there after it.</summary>
internal sealed class EntityAudit<T>(SqlDialect dialect, EntityMap<T> map) where T : class, IEntity<T>
{
    private const string Prefix = "billing_";

    // A run over many things is one entry, not thousands.
    private const int MostItems = 20;

    /// <summary>Runs the write; where a request is its cause, that is told in the same transaction.</summary>
    public async Task<bool> WriteAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<T> items, IReadOnlyList<BillingEvent> events, Func<Task<bool>> write, CancellationToken cancellationToken)
    {
        if (AuditSource.Current is not { } source || !map.IsAudited || items.Count == 0)
        {
            return await write().ConfigureAwait(false);
        }

        var ids = items.Select(item => item.Key).ToList();
        if (ids.Count > MostItems)
        {
            var many = new AuditChange($"{Name}.changed", $"{ids.Count} of them", null, JsonSerializer.SerializeToElement(new { ids }));
            return await write().ConfigureAwait(false) && await AuditWriter.AddAsync(dialect, transaction, tenant, source, [many], cancellationToken).ConfigureAwait(false);
        }

        var before = await BodiesAsync(transaction, tenant, ids, cancellationToken).ConfigureAwait(false);
        if (!await write().ConfigureAwait(false))
        {
            return false;
        }

        var after = await BodiesAsync(transaction, tenant, ids, cancellationToken).ConfigureAwait(false);
        return await AuditWriter.AddAsync(dialect, transaction, tenant, source, [.. ids.Select(id => Change(id, before.GetValueOrDefault(id), after.GetValueOrDefault(id), events)).OfType<AuditChange>()], cancellationToken).ConfigureAwait(false);
    }

    private string Name => map.Table[Prefix.Length..];

    // What was written as it stood before is no change.
    private AuditChange? Change(string id, string? before, string? after, IReadOnlyList<BillingEvent> events)
    {
        var (old, next) = AuditDiff.Of(before, after);
        var told = events.FirstOrDefault(item => item.SubjectId == id)?.Type;
        return told is null && IsEmpty(old) && IsEmpty(next) ? null : new AuditChange(told ?? $"{Name}.{(before is null ? "created" : "updated")}", id, old, next);
    }

    private static bool IsEmpty(JsonElement? fields) => fields is { ValueKind: JsonValueKind.Object } some && !some.EnumerateObject().Any();

    private async Task<Dictionary<string, string>> BodiesAsync(DbTransaction transaction, TenantId tenant, List<string> ids, CancellationToken cancellationToken)
    {
        var rows = await transaction.Connection!.QueryAsync<(string Id, string Body)>(new CommandDefinition(
            $"select id, body from {map.Table} where tenant_id = @Tenant and id in (select r.value from {dialect.Texts("Ids")} as r)",
            new { Tenant = tenant.ToString(), Ids = JsonSerializer.Serialize(ids) },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return rows.ToDictionary(row => row.Id, row => row.Body, StringComparer.Ordinal);
    }
}
