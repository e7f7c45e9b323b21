using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle.Tests.Simulator;

/// <summary>A client of the cluster in memory; completes on another thread, as the real one does.</summary>
internal sealed class SimulatedClient(Cluster cluster) : ITigerBeetleClient
{
    public Task<byte[]> SubmitAsync(TbOperation operation, ReadOnlyMemory<byte> events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.Run(() => cluster.Answer(operation, events.Span), CancellationToken.None);
    }

    public void Dispose()
    {
    }
}
