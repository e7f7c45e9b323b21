using BillApis.Storage.Sql;
using Dapper;

namespace BillApis.Storage.Tests.Ledger;

public sealed class NewTenantTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    // With them, posting 2,000 transfers for a tenant that was new since the last ANALYZE took seconds: every look-up read all its transfers.
    [Theory]
    [InlineData("billing_transfer")]
    [InlineData("billing_account")]
    [InlineData("billing_usage_batch")]
    [InlineData("billing_usage_total")]
    [InlineData("billing_invoice")]
    public async Task Tables_of_many_tenants_keep_no_statistics_of_them(string table)
    {
        await using var connection = await fixture.Get<SqlDatabase>().OpenAsync(null, TestContext.Current.CancellationToken);
        var target = await connection.ExecuteScalarAsync<int?>("select attstattarget from pg_attribute where attrelid = cast(@table as regclass) and attname = 'tenant_id'", new { table });
        target.ShouldBe(0);
    }
}
