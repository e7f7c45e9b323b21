using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests;

/// <summary>One PostgreSQL database for all suites, opened by two nodes; four migrators start on it at once.</summary>
public sealed class PostgresFixture : NodesFixture
{
    /// <summary>How an application would open the same database.</summary>
    public string Connection { get; private set; } = "";

    public override async ValueTask InitializeAsync()
    {
        Connection = await PostgresServer.NewDatabaseAsync();
        await OpenAsync(billing => billing.UsePostgres(Connection));
    }
}
