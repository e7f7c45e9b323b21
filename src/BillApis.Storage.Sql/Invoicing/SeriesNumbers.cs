using System.Data.Common;
using BillApis.Invoicing;
using Dapper;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>The numbers of invoices and credit memos, from <c>billing_series</c>: the row of a series stays locked until the commit, so that a number that was given is used, and hashes follow each other.</summary>
internal static class SeriesNumbers
{
    /// <summary>The first of as many numbers as are asked for, and the hash of the document before it; empty where none was sealed.</summary>
    public static async Task<(long Number, string Previous)> TakeAsync(DbTransaction transaction, TenantId tenant, string series, int count, CancellationToken cancellationToken)
    {
        var row = await transaction.Connection!.QuerySingleAsync<Row>(new CommandDefinition(
            """
            insert into billing_series (tenant_id, series, next) values (@Tenant, @Series, 1 + @Count)
            on conflict (tenant_id, series) do update set next = billing_series.next + @Count
            returning series as Series, next - @Count as Number, last_hash as Hash
            """,
            new { Tenant = tenant.ToString(), Series = series, Count = count },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return (row.Number, row.Hash ?? "");
    }

    /// <summary>Keeps the hash that the next document follows.</summary>
    public static Task EndAsync(DbTransaction transaction, TenantId tenant, string series, string hash, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "update billing_series set last_hash = @Hash where tenant_id = @Tenant and series = @Series",
            new { Tenant = tenant.ToString(), Series = series, Hash = hash },
            transaction,
            cancellationToken: cancellationToken));

    public static async Task<IReadOnlyList<DocumentChain>> ListAsync(SqlDatabase database, TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "select series as Series, next - 1 as Number, last_hash as Hash from billing_series where tenant_id = @Tenant order by series",
            new { Tenant = tenant.ToString() },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => new DocumentChain(row.Series, row.Number, row.Hash))];
    }

    private sealed record Row
    {
        public required string Series { get; init; }
        public required long Number { get; init; }
        public required string? Hash { get; init; }
    }
}
