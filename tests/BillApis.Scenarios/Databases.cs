using BillApis.Scenarios;
using BillApis.Sqlite;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(Databases))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace BillApis.Scenarios;

/// <summary>One database of each kind for all lives; each life is a tenant of its own. No power is cut here, so that nothing waits for the disk.</summary>
public sealed class Databases : IAsyncLifetime
{
    private readonly string _file = SqliteFile.NewPath();
    private string _postgres = "";

    public void Use(string storage, BillingBuilder builder) => _ = storage is "postgres" ? builder.UsePostgres(_postgres) : builder.UseSqlite($"Data Source={_file}", SqliteDurability.Normal);

    public async ValueTask InitializeAsync() => _postgres = await PostgresServer.NewDatabaseAsync();

    public ValueTask DisposeAsync()
    {
        SqliteFile.Delete(_file);

        return ValueTask.CompletedTask;
    }
}
