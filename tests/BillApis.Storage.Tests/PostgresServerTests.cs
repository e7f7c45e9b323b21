using Npgsql;

namespace BillApis.Storage.Tests;

public sealed class PostgresServerTests
{
    [Fact]
    public async Task Every_database_is_empty_and_apart_from_the_others()
    {
        var names = await Task.WhenAll(PostgresServer.NewDatabaseAsync(), PostgresServer.NewDatabaseAsync());
        names.Distinct().Count().ShouldBe(2);
        foreach (var name in names)
        {
            await using var source = NpgsqlDataSource.Create(name);
            await using var command = source.CreateCommand("select count(*) from information_schema.tables where table_schema = 'public'");
            (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(0L);
        }
    }
}
