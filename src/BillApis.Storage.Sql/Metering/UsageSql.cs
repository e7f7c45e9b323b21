using System.Data.Common;
using System.Text.Json;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Statements over many rows at once, which are one JSON parameter named Rows.</summary>
internal static class UsageSql
{
    /// <summary>Ends the query of an <c>exists</c>: each row is looked up by the index then. PostgreSQL would rather join where its statistics say that there is little, and they know nothing of what the same transaction wrote.</summary>
    public const string OneByOne = "limit 1 offset 0";

    public static Task<int> BulkAsync(this DbTransaction transaction, string sql, TenantId tenant, IEnumerable<object> rows, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(Command(transaction, sql, tenant, rows, cancellationToken));

    public static async Task<List<T>> BulkReadAsync<T>(this DbTransaction transaction, string sql, TenantId tenant, IEnumerable<object> rows, CancellationToken cancellationToken) =>
        (await transaction.Connection!.QueryAsync<T>(Command(transaction, sql, tenant, rows, cancellationToken)).ConfigureAwait(false)).AsList();

    public static Task<List<T>> BulkReadAsync<T>(this DbConnection connection, string sql, TenantId tenant, IEnumerable<object> rows, CancellationToken cancellationToken) =>
        connection.BulkReadAsync<T>(null, sql, tenant, rows, cancellationToken);

    public static async Task<List<T>> BulkReadAsync<T>(this DbConnection connection, DbTransaction? transaction, string sql, TenantId tenant, IEnumerable<object> rows, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<T>(Command(transaction, sql, tenant, rows, cancellationToken)).ConfigureAwait(false)).AsList();

    private static CommandDefinition Command(DbTransaction? transaction, string sql, TenantId tenant, IEnumerable<object> rows, CancellationToken cancellationToken) =>
        new(sql, new { Tenant = tenant.ToString(), Rows = JsonSerializer.Serialize(rows, BillingJson.Options) }, transaction, cancellationToken: cancellationToken);
}
