using BillApis.Conformance;
using BillApis.Storage;
using BillApis.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests;

/// <summary>A PostgreSQL database that guards its rows by their tenant, opened by the tables' owner, who is no superuser; the second node was not told of it.</summary>
public sealed class GuardedPostgresFixture : StoreFixture, IAsyncLifetime
{
    private ServiceProvider[] _nodes = [];

    /// <summary>How an application would open the same database.</summary>
    public string Connection { get; private set; } = "";

    /// <summary>How somebody opens it who is held to no policy.</summary>
    public string Superuser { get; private set; } = "";

    public override T Get<T>() => _nodes[0].GetRequiredService<T>();

    public override T GetFromAnotherNode<T>() => _nodes[1].GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        (Connection, Superuser) = await PostgresServer.NewOwnedDatabaseAsync();
        _nodes = [Node(true), Node(false)];
        await Get<IMigrator>().MigrateAsync(default);
        await GetFromAnotherNode<IMigrator>().MigrateAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private ServiceProvider Node(bool guards) => new ServiceCollection().AddBilling(billing => billing.UsePostgres(Connection, guards)).BuildServiceProvider();
}
