using BillApis.Storage.Sql;
using Dapper;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Totals as a table has them: each row with all its columns as text, so that two of them are easily compared.</summary>
internal static class TotalRows
{
    public static async Task<List<string>> OfAsync(SqlDatabase database, string table, TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken);
        var rows = await connection.QueryAsync($"select * from {table} where tenant_id = @Tenant", new { Tenant = tenant.ToString() });
        return [.. rows.Select(row => string.Join('|', ((IDictionary<string, object?>)row).Where(pair => pair.Key != "tenant_id").Select(pair => pair.Value))).Order(StringComparer.Ordinal)];
    }
}
