using BillApis.Conformance;
using BillApis.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests;

/// <summary>One SQLite file for all suites, opened by two nodes; four migrators start on it at once.</summary>
public sealed class SqliteFixture : StoreFixture, IAsyncLifetime
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"billapis-{Guid.CreateVersion7():N}.db");
    private ServiceProvider[] _nodes = [];

    public override T Get<T>() => _nodes[0].GetRequiredService<T>();

    public override T GetFromAnotherNode<T>() => _nodes[1].GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        _nodes = [.. Enumerable.Range(0, 4).Select(_ => new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={_path}")).BuildServiceProvider())];
        await Task.WhenAll(_nodes.Select(node => Task.Run(() => node.GetRequiredService<IMigrator>().MigrateAsync(default))));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        foreach (var suffix in new[] { "", "-wal", "-shm" })
        {
            File.Delete(_path + suffix);
        }
    }
}
