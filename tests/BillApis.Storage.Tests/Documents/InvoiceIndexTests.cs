using BillApis.Storage.Sql;
using Dapper;
using Npgsql;

namespace BillApis.Storage.Tests.Documents;

/// <summary>A subscription's invoices are found by the index that keeps a period from being billed twice, on both databases.</summary>
public sealed class InvoiceIndexTests(SqliteFixture sqlite, PostgresFixture postgres) : IClassFixture<SqliteFixture>, IClassFixture<PostgresFixture>
{
    private const string OfSubscription = "select i.id from billing_invoice as i where i.tenant_id = 'ten' and i.subscription_id = 'sub'";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sqlite_finds_them()
    {
        await using var writer = await sqlite.Get<SqlDatabase>().Dialect.OpenWriterAsync(Stop);
        var plan = await writer.Connection.QueryAsync($"explain query plan {OfSubscription}");
        ((string)plan.Single().detail).ShouldBe("SEARCH i USING INDEX billing_invoice_once (tenant_id=? AND subscription_id=?)");
    }

    // Of an empty table a scan would be as good.
    [Fact]
    public async Task Postgres_finds_them()
    {
        await using var connection = new NpgsqlConnection(postgres.Connection);
        await connection.ExecuteAsync("set enable_seqscan = off");
        string.Join('\n', await connection.QueryAsync<string>($"explain {OfSubscription}")).ShouldContain("billing_invoice_once");
    }
}
