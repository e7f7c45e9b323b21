using System.Data.Common;
using BillApis.Scenarios;
using BillApis.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

[assembly: AssemblyFixture(typeof(Databases))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace BillApis.Scenarios;

/// <summary>One database of each kind for all lives; each life is a tenant of its own. No power is cut here, so that nothing waits for the disk.</summary>
public sealed class Databases : IAsyncLifetime
{
    private readonly string _file = SqliteFile.NewPath();
    private string _postgres = "";

    public void Use(string storage, BillingBuilder builder) => _ = storage is "postgres" ? builder.UsePostgres(_postgres) : builder.UseSqlite($"Data Source={_file}", SqliteDurability.Normal);

    /// <summary>A connection for somebody who changes by hand what is stored.</summary>
    public async Task<DbConnection> OpenAsync(string storage)
    {
        DbConnection connection = storage is "postgres" ? new NpgsqlConnection(_postgres) : new SqliteConnection($"Data Source={_file}");
        await connection.OpenAsync();
        return connection;
    }

    public async ValueTask InitializeAsync() => _postgres = await PostgresServer.NewDatabaseAsync();

    public ValueTask DisposeAsync()
    {
        SqliteFile.Delete(_file);

        return ValueTask.CompletedTask;
    }
}
