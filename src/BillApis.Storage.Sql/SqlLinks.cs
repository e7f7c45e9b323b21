using System.Data.Common;

namespace BillApis.Storage.Sql;

/// <summary>Tables of two columns that find what a body names.</summary>
internal static class SqlLinks
{
    /// <summary>Adds the pairs that are not there yet.</summary>
    public static Task LinkAsync(
        this SqlDialect dialect, DbTransaction transaction, TenantId tenant, string table, (string First, string Second) columns, IEnumerable<(string First, string Second)> pairs, CancellationToken cancellationToken)
    {
        var rows = new SqlRows($"{columns.First} text", $"{columns.Second} text");
        foreach (var (first, second) in pairs)
        {
            rows.Add(first, second);
        }

        return rows.Count == 0 ? Task.CompletedTask : dialect.WriteAsync(
            transaction,
            tenant,
            rows,
            sent => $"""
                insert into {table} (tenant_id, {columns.First}, {columns.Second})
                select @Tenant, r.{columns.First}, r.{columns.Second} from {sent} as r
                where true
                on conflict do nothing
                """,
            cancellationToken);
    }
}
