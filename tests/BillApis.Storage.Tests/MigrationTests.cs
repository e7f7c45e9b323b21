using BillApis.Storage;
using BillApis.Storage.Tests.Crash;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BillApis.Storage.Tests;

public sealed class MigrationTests(SqliteFixture sqlite) : IClassFixture<SqliteFixture>
{
    private const long Lock = 824_552_747;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrating_a_current_database_changes_nothing() => await sqlite.Get<IMigrator>().MigrateAsync(Stop);

    [Fact]
    public async Task A_node_waits_for_another_that_migrates_however_long_that_takes()
    {
        var impatient = new NpgsqlConnectionStringBuilder(await PostgresServer.NewDatabaseAsync()) { CommandTimeout = 1 }.ToString();
        await using var node = Node.Open(Node.Postgres, impatient);
        await using var other = new NpgsqlConnection(impatient);
        await other.OpenAsync(Stop);
        await other.ExecuteAsync("select pg_advisory_lock(@Lock)", new { Lock });
        var migration = node.GetRequiredService<Billing>().MigrateAsync(Stop);
        await other.ExecuteAsync(new CommandDefinition("select pg_sleep(2)", commandTimeout: 0, cancellationToken: Stop));
        migration.IsCompleted.ShouldBeFalse();
        await other.ExecuteAsync("select pg_advisory_unlock(@Lock)", new { Lock });
        await migration;
    }
}
