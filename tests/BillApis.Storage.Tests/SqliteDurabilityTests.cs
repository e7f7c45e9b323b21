using BillApis.Sqlite;
using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests;

public sealed class SqliteDurabilityTests : IDisposable
{
    private readonly string _path = SqliteFile.NewPath();

    // SQLite's own numbers: 2 is full, 1 is normal.
    [Theory]
    [InlineData(null, 2)]
    [InlineData(SqliteDurability.Full, 2)]
    [InlineData(SqliteDurability.Normal, 1)]
    public async Task Every_connection_is_as_durable_as_the_application_says(SqliteDurability? durability, long expected)
    {
        var connection = $"Data Source={_path}";
        await using var node = new ServiceCollection().AddBilling(billing => _ = durability is { } own ? billing.UseSqlite(connection, own) : billing.UseSqlite(connection)).BuildServiceProvider();
        var database = node.GetRequiredService<SqlDatabase>();
        for (var i = 0; i < 2; i++)
        {
            (await database.WriteAsync(null, transaction => transaction.Connection!.ExecuteScalarAsync<long>("pragma synchronous", transaction: transaction), TestContext.Current.CancellationToken)).ShouldBe(expected);
            await using var reader = await database.OpenAsync(null, TestContext.Current.CancellationToken);
            (await reader.ExecuteScalarAsync<long>("pragma synchronous")).ShouldBe(expected);
        }
    }

    [Fact]
    public async Task Every_connection_waits_for_another_programs_write()
    {
        await using var node = new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={_path}")).BuildServiceProvider();
        var database = node.GetRequiredService<SqlDatabase>();
        await using var first = await database.OpenAsync(null, TestContext.Current.CancellationToken);
        await using var second = await database.OpenAsync(null, TestContext.Current.CancellationToken);
        var writing = await database.WriteAsync(null, transaction => transaction.Connection!.ExecuteScalarAsync<long>("pragma busy_timeout", transaction: transaction), TestContext.Current.CancellationToken);
        (await first.ExecuteScalarAsync<long>("pragma busy_timeout"), await second.ExecuteScalarAsync<long>("pragma busy_timeout"), writing).ShouldBe((30_000, 30_000, 30_000));
    }

    public void Dispose()
    {
        SqliteFile.Delete(_path);
    }
}
