using BillApis.Conformance;
using BillApis.Storage;
using BillApis.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests;

/// <summary>One PostgreSQL database for all suites, opened by two nodes; four migrators start on it at once.</summary>
public sealed class PostgresFixture : StoreFixture, IAsyncLifetime
{
    private ServiceProvider[] _nodes = [];

    /// <summary>How an application would open the same database.</summary>
    public string Connection { get; private set; } = "";

    public override T Get<T>() => _nodes[0].GetRequiredService<T>();

    public override T GetFromAnotherNode<T>() => _nodes[1].GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        var database = Connection = await PostgresServer.NewDatabaseAsync();
        _nodes = [.. Enumerable.Range(0, 4).Select(_ => new ServiceCollection().AddBilling(billing => billing.UsePostgres(database)).BuildServiceProvider())];
        await Task.WhenAll(_nodes.Select(node => Task.Run(() => node.GetRequiredService<IMigrator>().MigrateAsync(default))));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }
}
