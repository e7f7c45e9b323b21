using BillApis.Conformance;
using BillApis.Ledger;
using BillApis.TigerBeetle.Native;
using BillApis.TigerBeetle.Tests.Simulator;

namespace BillApis.TigerBeetle.Tests;

/// <summary>
/// Two nodes with one cluster: the simulated one, or a real one where <c>BILLAPIS_TIGERBEETLE_LIBRARY</c> and <c>BILLAPIS_TIGERBEETLE_ADDRESS</c> name it.
/// </summary>
public sealed class ClusterFixture : StoreFixture, IDisposable
{
    private readonly TigerBeetleLedger[] _nodes;

    public ClusterFixture()
    {
        var (library, address) = (Environment.GetEnvironmentVariable("BILLAPIS_TIGERBEETLE_LIBRARY"), Environment.GetEnvironmentVariable("BILLAPIS_TIGERBEETLE_ADDRESS"));
        var cluster = new Cluster();
        _nodes = [.. Enumerable.Range(0, 2).Select(_ => new TigerBeetleLedger(library is { Length: > 0 } && address is { Length: > 0 }
            ? new NativeClient(new TigerBeetleOptions { Library = library, Addresses = address })
            : new SimulatedClient(cluster)))];
    }

    public override T Get<T>() => (T)(ILedger)_nodes[0];

    public override T GetFromAnotherNode<T>() => (T)(ILedger)_nodes[1];

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Dispose();
        }
    }
}
