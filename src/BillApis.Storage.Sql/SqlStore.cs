using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using BillApis.Outbox;
using BillApis.Storage;
using BillApis.Storage.Sql.Auditing;

namespace BillApis.Storage.Sql;

/// <summary>Keeps the things of one kind in a table of their own: whole as JSON, and the filtered columns beside it.</summary>
internal class SqlStore<T>(SqlDatabase database, EntityMap<T> map) : IStore<T> where T : class, IEntity<T>
{
    private static readonly string OneMore = (Limits.PageSize + 1).ToString(CultureInfo.InvariantCulture);
    private readonly SqlDialect _dialect = database.Dialect;
    private readonly EntityAudit<T> _audit = new(database.Dialect, map);

    private readonly string _one =
        $"""
        select body, version from {map.Table}
        where tenant_id = @Tenant and (id = @Reference or alias = @Reference)
        order by case when id = @Reference then 0 else 1 end
        limit 1
        """;

    private readonly string _many = $"select body, version from {map.Table} where tenant_id = @Tenant and id in (select r.value from {database.Dialect.Texts("Ids")} as r)";

    public async Task<T?> FindAsync(TenantId tenant, string reference, CancellationToken cancellationToken) =>
        (await QueryAsync(tenant, _one, [("Tenant", tenant.ToString()), ("Reference", reference)], cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    public async Task<IReadOnlyList<T>> FindManyAsync(TenantId tenant, IReadOnlyCollection<string> ids, CancellationToken cancellationToken) =>
        ids.Count == 0 ? [] : await QueryAsync(tenant, _many, [("Tenant", tenant.ToString()), ("Ids", JsonSerializer.Serialize(ids))], cancellationToken).ConfigureAwait(false);

    public async Task<Page<T>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Limit is > 0 and <= Limits.PageSize, true, nameof(query));
        var filters = string.Concat(query.Where.Keys.Select(column => $" and {Known(column)}"));
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);

        // SQLite plans by the limit, and plans anew each time that one is bound: the one that whole lists are read with is spelled. Callers' own are bound, as each would be a statement to keep.
        var rows = await _dialect.QueryAsync(
            connection,
            $"""
            select body, version, id from {map.Table}
            where tenant_id = @Tenant {(query.After is null ? "" : "and id < @After")} {filters}
            order by id desc
            limit {(query.Limit == Limits.PageSize ? OneMore : "@Limit")}
            """,
            [("Tenant", tenant.ToString()), ("After", query.After), ("Limit", query.Limit + 1), .. query.Where.Select(item => ($"where_{item.Key}", (SqlValue)item.Value))],
            row => (Item: Read(row), Id: row.Text(2)),
            cancellationToken).ConfigureAwait(false);
        return new Page<T>([.. rows.Take(query.Limit).Select(row => row.Item)], rows.Count > query.Limit ? rows[query.Limit - 1].Id : null);
    }

    public Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<T> items, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken) =>
        SaveAsync(tenant, items, events, _ => Task.FromResult(true), cancellationToken);

    /// <summary>The rows of things that a transaction will store.</summary>
    public EntityRows<T> RowsOf(TenantId tenant, IReadOnlyList<T> items) =>
        items.All(item => item.Tenant == tenant) ? RowsOf(items) : throw new ArgumentException("Every item must belong to the tenant.", nameof(items));

    /// <summary>Stores things of another kind in the transaction of their own cause; false where someone else changed one first.</summary>
    public Task<bool> WriteAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<T> items, CancellationToken cancellationToken) =>
        WriteAsync(transaction, tenant, RowsOf(tenant, items), cancellationToken);

    /// <summary>The same with rows that were made before.</summary>
    public async Task<bool> WriteAsync(DbTransaction transaction, TenantId tenant, EntityRows<T> rows, CancellationToken cancellationToken)
    {
        if (!await IsWholeAsync(transaction, tenant, rows, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        await PrepareAsync(transaction, tenant, rows, cancellationToken).ConfigureAwait(false);

        // What gives its place away comes before what takes it.
        return rows.AreDistinct
            && await WriteAsync(transaction, tenant, Update, rows.Updates, cancellationToken).ConfigureAwait(false)
            && await WriteAsync(transaction, tenant, Insert, rows.Inserts, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores the items and the events, and in the same transaction, before them, whatever else has to stand or fall with them: what items lock as they are stored is held for the shortest time.</summary>
    protected async Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<T> items, IReadOnlyList<BillingEvent> events, Func<DbTransaction, Task<bool>> also, CancellationToken cancellationToken)
    {
        IReadOnlyList<Change> changes = map.Outdates is { } outdates ? [.. items.Select(outdates).Distinct()] : [];
        var rows = RowsOf(tenant, items);
        IReadOnlyList<OutboxEvent> added = [];
        try
        {
            var saved = await database.TransactAsync(
                tenant,
                transaction => _audit.WriteAsync(
                    transaction,
                    tenant,
                    items,
                    events,
                    async () => await also(transaction).ConfigureAwait(false)
                        && await AddEventsAsync(transaction).ConfigureAwait(false)
                        && await WriteAsync(transaction, tenant, rows, cancellationToken).ConfigureAwait(false)
                        && await SqlChanges.NotifyAsync(_dialect, transaction, changes, cancellationToken).ConfigureAwait(false),
                    cancellationToken),
                cancellationToken).ConfigureAwait(false);
            foreach (var change in saved ? changes : [])
            {
                database.Changes.Publish(change);
            }

            // What is a part of a request's transaction is not committed yet.
            database.Events.Add(tenant, saved && AnsweredWork.Current is null ? added : []);

            return saved ? SaveResult.Saved : SaveResult.Conflict;
        }
        catch (DbException exception) when (_dialect.IsUniqueViolation(exception))
        {
            return SaveResult.Conflict;
        }

        async Task<bool> AddEventsAsync(DbTransaction transaction)
        {
            added = await SqlOutbox.AddAsync(_dialect, transaction, tenant, events, cancellationToken).ConfigureAwait(false);
            return true;
        }
    }

    /// <summary>The rows of things that are one tenant's.</summary>
    protected virtual EntityRows<T> RowsOf(IReadOnlyList<T> items) => new(map, items);

    /// <summary>Whether the things are all that have to be stored together; where somebody made another meanwhile, they are not.</summary>
    protected virtual Task<bool> IsWholeAsync(DbTransaction transaction, TenantId tenant, EntityRows<T> rows, CancellationToken cancellationToken) => Task.FromResult(true);

    /// <summary>What else they take in the transaction that stores them, and the last change to their rows.</summary>
    protected virtual Task PrepareAsync(DbTransaction transaction, TenantId tenant, EntityRows<T> rows, CancellationToken cancellationToken) => Task.CompletedTask;

    // Every row has to be written: one that is not was changed or made by someone else.
    private async Task<bool> WriteAsync(DbTransaction transaction, TenantId tenant, Func<string, string> sql, SqlRows rows, CancellationToken cancellationToken) =>
        rows.Count == 0 || (await _dialect.WriteAsync(transaction, tenant, rows, sql, keyColumns: 1, cancellationToken).ConfigureAwait(false)).All(written => written);

    /// <summary>The things of some customers that fit, newest first.</summary>
    protected async Task<IReadOnlyList<T>> OfCustomersAsync(TenantId tenant, IReadOnlyCollection<CustomerId> customers, string fits, CancellationToken cancellationToken) => customers.Count == 0 ? [] : await QueryAsync(
        tenant,
        $"select body, version from {map.Table} where tenant_id = @Tenant and customer_id in (select r.value from {_dialect.Texts("Customers")} as r) and {fits} order by id desc",
        [("Tenant", tenant.ToString()), ("Customers", JsonSerializer.Serialize(customers.Select(customer => customer.ToString())))],
        cancellationToken).ConfigureAwait(false);

    /// <summary>The things that a query of their body and version finds.</summary>
    protected async Task<List<T>> QueryAsync(TenantId? tenant, string sql, (string Name, SqlValue Value)[] parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        return await _dialect.QueryAsync(connection, sql, parameters, Read, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What a body says, in its version.</summary>
    protected T Read(ReadOnlySpan<byte> body, long version) => map.Known is { } known ? known.Read(body, version) : JsonSerializer.Deserialize<T>(body, BillingJson.Options)!.WithVersion(version);

    private T Read(ISqlRow row) => Read(row.Utf8(0), row.Number(1));

    private string Insert(string rows)
    {
        string[] columns = ["id", "alias", "created_at", .. map.Columns.Select(column => column.Name), "body"];
        return $"""
            insert into {map.Table} (tenant_id, {string.Join(", ", columns)}, version)
            select @Tenant, {string.Join(", ", columns.Select(column => "r." + column))}, 1 from {rows} as r
            where true
            on conflict do nothing
            """;
    }

    private string Update(string rows) =>
        $"""
        update {map.Table}
        set {string.Concat(map.Columns.Where(column => !column.IsFixed).Select(column => $"{column.Name} = r.{column.Name}, "))}{(map.IsNameless ? "" : "alias = r.alias, ")}body = r.body, version = {map.Table}.version + 1
        from (select id as key, version as expected, alias, body{string.Concat(map.Columns.Select(column => ", " + column.Name))} from {rows} as item) as r
        where {map.Table}.tenant_id = @Tenant and {map.Table}.id = r.key and {map.Table}.version = r.expected
        """;

    private string Known(string column) => column == "alias" || map.Columns.Any(known => known.Name == column && known.Type == "text")
        ? Filter(column)
        : throw new ArgumentException($"{map.Table} is not filtered by '{column}'.", nameof(column));

    /// <summary>The condition that a column has a value, which stands in a parameter by its name.</summary>
    protected virtual string Filter(string column) => $"{column} = @where_{column}";

    /// <summary>A row as it is read back.</summary>
    protected sealed record Row
    {
        public required string Body { get; init; }
        public required long Version { get; init; }

        public T Read() => JsonSerializer.Deserialize<T>(Body, BillingJson.Options)!.WithVersion(Version);
    }
}
