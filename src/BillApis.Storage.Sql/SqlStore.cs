using System.Data.Common;
using System.Text.Json;
using BillApis.Storage;
using BillApis.Storage.Sql.Auditing;
using Dapper;

namespace BillApis.Storage.Sql;

/// <summary>Keeps the things of one kind in a table of their own: whole as JSON, and the filtered columns beside it.</summary>
internal class SqlStore<T>(SqlDatabase database, EntityMap<T> map) : IStore<T> where T : class, IEntity<T>
{
    private readonly SqlDialect _dialect = database.Dialect;
    private readonly EntityAudit<T> _audit = new(database.Dialect, map);

    public async Task<T?> FindAsync(TenantId tenant, string reference, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        var row = await connection.QueryFirstOrDefaultAsync<Row>(new CommandDefinition(
            $"""
            select body as Body, version as Version from {map.Table}
            where tenant_id = @Tenant and (id = @Reference or alias = @Reference)
            order by case when id = @Reference then 0 else 1 end
            limit 1
            """,
            new { Tenant = tenant.ToString(), Reference = reference },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return row?.Read();
    }

    public async Task<Page<T>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Limit is > 0 and <= Limits.PageSize, true, nameof(query));
        var parameters = new DynamicParameters(new { Tenant = tenant.ToString(), query.After, Limit = query.Limit + 1 });
        var filters = query.Where.Keys.Select(column => Filter(column, query.Where[column], parameters));
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        var rows = (await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
            select id as Id, body as Body, version as Version from {map.Table}
            where tenant_id = @Tenant {(query.After is null ? "" : "and id < @After")} {string.Concat(filters)}
            order by id desc
            limit @Limit
            """,
            parameters,
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        return new Page<T>([.. rows.Take(query.Limit).Select(row => row.Read())], rows.Count > query.Limit ? rows[query.Limit - 1].Id : null);
    }

    public Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<T> items, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken) =>
        SaveAsync(tenant, items, events, _ => Task.FromResult(true), cancellationToken);

    /// <summary>Stores things of another kind in the transaction of their own cause; false where someone else changed one first.</summary>
    public async Task<bool> WriteAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<T> items, CancellationToken cancellationToken)
    {
        if (items.Any(item => item.Tenant != tenant))
        {
            throw new ArgumentException("Every item must belong to the tenant.", nameof(items));
        }

        return await WriteAsync(transaction, await PrepareAsync(transaction, tenant, items, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores the items and the events, and in the same transaction whatever else has to stand or fall with them.</summary>
    protected async Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<T> items, IReadOnlyList<BillingEvent> events, Func<DbTransaction, Task<bool>> also, CancellationToken cancellationToken)
    {
        IReadOnlyList<Change> changes = map.Outdates is { } outdates ? [.. items.Select(outdates).Distinct()] : [];
        try
        {
            var saved = await database.TransactAsync(
                transaction => _audit.WriteAsync(
                    transaction,
                    tenant,
                    items,
                    events,
                    async () => await WriteAsync(transaction, tenant, items, cancellationToken).ConfigureAwait(false)
                        && await also(transaction).ConfigureAwait(false)
                        && await SqlChanges.NotifyAsync(_dialect, transaction, changes, cancellationToken).ConfigureAwait(false)
                        && await SqlOutbox.AddAsync(_dialect, transaction, tenant, events, cancellationToken).ConfigureAwait(false),
                    cancellationToken),
                cancellationToken).ConfigureAwait(false);
            foreach (var change in saved ? changes : [])
            {
                database.Changes.Publish(change);
            }

            return saved ? SaveResult.Saved : SaveResult.Conflict;
        }
        catch (DbException exception) when (_dialect.IsUniqueViolation(exception))
        {
            return SaveResult.Conflict;
        }
    }

    /// <summary>The last change to the items, inside the transaction that stores them.</summary>
    protected virtual Task<IReadOnlyList<T>> PrepareAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<T> items, CancellationToken cancellationToken) => Task.FromResult(items);

    private async Task<bool> WriteAsync(DbTransaction transaction, IReadOnlyList<T> items, CancellationToken cancellationToken) =>
        await ExecuteAsync(transaction, Insert(), [.. items.Where(item => item.Version == 0)], cancellationToken).ConfigureAwait(false)
        && await ExecuteAsync(transaction, Update(), [.. items.Where(item => item.Version > 0)], cancellationToken).ConfigureAwait(false);

    private async Task<bool> ExecuteAsync(DbTransaction transaction, string sql, List<T> items, CancellationToken cancellationToken) =>
        items.Count == 0 || items.Count == await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            sql, new { Items = JsonSerializer.Serialize(items.Select(Columns)) }, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);

    private string Insert()
    {
        string[] columns = ["tenant_id", "id", "alias", "created_at", .. map.Columns.Select(column => column.Name), "body"];
        return $"""
            insert into {map.Table} ({string.Join(", ", columns)}, version)
            select {string.Join(", ", columns.Select(column => "r." + column))}, 1 from {Items()} as r
            where true
            on conflict do nothing
            """;
    }

    private string Update() =>
        $"""
        update {map.Table}
        set {string.Concat(map.Columns.Select(column => $"{column.Name} = r.{column.Name}, "))}alias = r.alias, body = r.body, version = {map.Table}.version + 1
        from {Items()} as r
        where {map.Table}.tenant_id = r.tenant_id and {map.Table}.id = r.id and {map.Table}.version = r.version
        """;

    private string Items() => _dialect.Rows("Items", [
        "tenant_id text", "id text", "alias text", "created_at bigint", "version bigint", "body text",
        .. map.Columns.Select(column => $"{column.Name} {column.Type}")]);

    private Dictionary<string, object?> Columns(T item)
    {
        var columns = map.Columns.ToDictionary(column => column.Name, column => column.Value(item));
        columns["tenant_id"] = item.Tenant.ToString();
        columns["id"] = item.Key;
        columns["alias"] = item.Alias;
        columns["created_at"] = item.CreatedAt.ToMicroseconds();
        columns["version"] = item.Version;
        columns["body"] = JsonSerializer.Serialize(item, BillingJson.Options);
        return columns;
    }

    private string Filter(string column, string value, DynamicParameters parameters)
    {
        if (column != "alias" && map.Columns.All(known => known.Name != column || known.Type != "text"))
        {
            throw new ArgumentException($"{map.Table} is not filtered by '{column}'.", nameof(column));
        }

        parameters.Add($"where_{column}", value);
        return $" and {column} = @where_{column}";
    }

    /// <summary>A row as it is read back.</summary>
    protected sealed record Row
    {
        public string Id { get; init; } = "";
        public required string Body { get; init; }
        public required long Version { get; init; }

        public T Read() => JsonSerializer.Deserialize<T>(Body, BillingJson.Options)!.WithVersion(Version);
    }
}
