using BillApis.Storage;

namespace BillApis.Storage.Tests;

public sealed class MigrationTests(SqliteFixture sqlite) : IClassFixture<SqliteFixture>
{
    [Fact]
    public async Task Migrating_a_current_database_changes_nothing() => await sqlite.Get<IMigrator>().MigrateAsync(TestContext.Current.CancellationToken);
}
