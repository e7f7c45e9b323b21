using System.Data.Common;
using Dapper;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>The numbers of invoices and credit memos, from <c>billing_series</c>: the row of a series stays locked until the commit, so that a number that was given is used.</summary>
internal static class SeriesNumbers
{
    /// <summary>The first of as many numbers as are asked for.</summary>
    public static Task<long> TakeAsync(DbTransaction transaction, TenantId tenant, string series, int count, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            insert into billing_series (tenant_id, series, next) values (@Tenant, @Series, 1 + @Count)
            on conflict (tenant_id, series) do update set next = billing_series.next + @Count
            returning next - @Count
            """,
            new { Tenant = tenant.ToString(), Series = series, Count = count },
            transaction,
            cancellationToken: cancellationToken));
}
