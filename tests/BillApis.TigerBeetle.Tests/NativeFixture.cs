using BillApis.Conformance;
using BillApis.Ledger;
using BillApis.TigerBeetle.Native;
using BillApis.TigerBeetle.Tests.Simulator;

namespace BillApis.TigerBeetle.Tests;

/// <summary>Two nodes that go all the way through the interop, packets and callbacks included, to one cluster in memory.</summary>
public sealed class NativeFixture : StoreFixture, IDisposable
{
    private readonly TigerBeetleLedger[] _nodes;

    public NativeFixture()
    {
        var cluster = new Cluster();
        var name = SimulatedLibrary.Name((operation, events) => (TbPacketStatus.Ok, cluster.Answer(operation, events)));
        _nodes = [.. Enumerable.Range(0, 2).Select(_ => new TigerBeetleLedger(new NativeClient(new TigerBeetleOptions { Addresses = name }, SimulatedLibrary.Load())))];
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
