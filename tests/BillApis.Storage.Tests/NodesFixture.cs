using BillApis.Conformance;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests;

/// <summary>One database for all suites, opened by several nodes.</summary>
public abstract class NodesFixture : StoreFixture, IAsyncLifetime
{
    private ServiceProvider[] _nodes = [];

    public override T Get<T>() => _nodes[0].GetRequiredService<T>();

    public override T GetFromAnotherNode<T>() => _nodes[1].GetRequiredService<T>();

    public abstract ValueTask InitializeAsync();

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected void Open(params Action<BillingBuilder>[] nodes) => _nodes = [.. nodes.Select(use => new ServiceCollection().AddBilling(use).BuildServiceProvider())];

    /// <summary>Opens it by four nodes whose migrators start at once.</summary>
    protected async Task OpenAsync(Action<BillingBuilder> use)
    {
        Open([.. Enumerable.Repeat(use, 4)]);
        await Task.WhenAll(_nodes.Select(node => Task.Run(() => node.GetRequiredService<IMigrator>().MigrateAsync(default))));
    }
}
