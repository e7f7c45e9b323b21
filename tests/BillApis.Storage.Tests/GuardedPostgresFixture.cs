using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests;

/// <summary>A PostgreSQL database that guards its rows by their tenant, opened by the tables' owner, who is no superuser; the second node was not told of it.</summary>
public sealed class GuardedPostgresFixture : NodesFixture
{
    /// <summary>How an application would open the same database.</summary>
    public string Connection { get; private set; } = "";

    /// <summary>How somebody opens it who is held to no policy.</summary>
    public string Superuser { get; private set; } = "";

    public override async ValueTask InitializeAsync()
    {
        (Connection, Superuser) = await PostgresServer.NewOwnedDatabaseAsync();
        Open(billing => billing.UsePostgres(Connection, true), billing => billing.UsePostgres(Connection, false));
        await Get<IMigrator>().MigrateAsync(default);
        await GetFromAnotherNode<IMigrator>().MigrateAsync(default);
    }
}
