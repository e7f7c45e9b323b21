using BillApis.Storage;
using Dapper;

namespace BillApis.Storage.Sql.Spending;

/// <summary>Spend limits in <c>billing_spend_limit</c>.</summary>
internal sealed class SqlSpendLimitStore(SqlDatabase database) : SqlStore<SpendLimit>(database, Map), ISpendLimitStore
{
    private static readonly EntityMap<SpendLimit> Map = EntityMap<SpendLimit>.Of(
        "billing_spend_limit",
        EntityColumn<SpendLimit>.Text("customer_id", item => item.Customer),
        EntityColumn<SpendLimit>.Text("deleted", item => item.DeletedAt is null ? "false" : "true")) with { Outdates = item => new Change(item.Tenant, item.Customer) };

    private readonly SqlDatabase _database = database;

    /// <summary>Where what was spent is kept.</summary>
    public static EntityMap<SpendRecord> Records { get; } = EntityMap<SpendRecord>.Of("billing_spend_record", EntityColumn<SpendRecord>.Text("customer_id", item => item.Customer));

    public async Task<IReadOnlyList<CustomerId>> CustomersAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var ids = await connection.QueryAsync<string>(new CommandDefinition(
            "select distinct customer_id from billing_spend_limit where tenant_id = @Tenant and deleted = 'false'",
            new { Tenant = tenant.ToString() },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. ids.Select(EntityId.Parse<CustomerId>)];
    }

    public Task<IReadOnlyList<SpendLimit>> OfCustomersAsync(TenantId tenant, IReadOnlyCollection<CustomerId> customers, CancellationToken cancellationToken) => OfCustomersAsync(tenant, customers, "deleted = 'false'", cancellationToken);

    public async Task<IReadOnlyList<SpendLimit>> WatchedAsync(SpendLimitId? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"select body as Body, version as Version from billing_spend_limit where deleted = 'false' {(after is null ? "" : "and id > @After")} order by id limit @Limit",
            new { After = after?.ToString(), Limit = limit },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
    }
}
