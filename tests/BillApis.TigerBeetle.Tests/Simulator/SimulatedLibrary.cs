using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle.Tests.Simulator;

/// <summary>The three functions of the C client over clusters in memory, called through the same pointers as the real ones; the address is the cluster's name.</summary>
internal static unsafe class SimulatedLibrary
{
    /// <summary>An address that no client can read.</summary>
    public const string InvalidAddress = "nowhere";

    private static readonly ConcurrentDictionary<string, Func<TbOperation, byte[], (TbPacketStatus Status, byte[] Result)?>> Clusters = new();
    private static readonly ConcurrentDictionary<nint, Session> Sessions = new();

    public static ClientLibrary Load() => new(
        (nint)(delegate* unmanaged[Cdecl]<void*, byte*, byte*, uint, nuint, delegate* unmanaged[Cdecl]<nuint, TbPacket*, ulong, byte*, uint, void>, TbInitStatus>)&Init,
        (nint)(delegate* unmanaged[Cdecl]<void*, TbPacket*, int>)&Submit,
        (nint)(delegate* unmanaged[Cdecl]<void*, int>)&Deinit);

    /// <summary>Names a cluster; it may leave a request without an answer, by null.</summary>
    public static string Name(Func<TbOperation, byte[], (TbPacketStatus Status, byte[] Result)?> cluster)
    {
        var name = $"cluster-{Guid.CreateVersion7():N}";
        Clusters[name] = cluster;
        return name;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static TbInitStatus Init(
        void* client, byte* clusterId, byte* address, uint length, nuint context, delegate* unmanaged[Cdecl]<nuint, TbPacket*, ulong, byte*, uint, void> completion)
    {
        if (!Clusters.TryGetValue(Encoding.UTF8.GetString(address, (int)length), out var cluster))
        {
            return TbInitStatus.AddressInvalid;
        }

        Sessions[(nint)client] = new Session(cluster, context, (nint)completion);
        return TbInitStatus.Success;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Submit(void* client, TbPacket* packet)
    {
        if (!Sessions.TryGetValue((nint)client, out var session))
        {
            return 1;
        }

        // Once the client is gone, so is the packet: what is asked is read now.
        var events = new ReadOnlySpan<byte>((void*)packet->Data, (int)packet->DataSize).ToArray();
        session.Open[(nint)packet] = true;
        ThreadPool.UnsafeQueueUserWorkItem(work => work.session.Run(work.packet, work.operation, work.events), (session, packet: (nint)packet, operation: packet->Operation, events), preferLocal: false);
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Deinit(void* client)
    {
        Sessions.TryRemove((nint)client, out var session);
        foreach (var packet in session!.Open.Keys)
        {
            session.Complete(packet, TbPacketStatus.ClientShutdown, []);
        }

        return 0;
    }

    private sealed class Session(Func<TbOperation, byte[], (TbPacketStatus Status, byte[] Result)?> cluster, nuint context, nint completion)
    {
        public ConcurrentDictionary<nint, bool> Open { get; } = new();

        public void Run(nint packet, TbOperation operation, byte[] events)
        {
            if (cluster(operation, events) is var (status, result))
            {
                Complete(packet, status, result);
            }
        }

        public void Complete(nint address, TbPacketStatus status, byte[] result)
        {
            if (Open.TryRemove(address, out _))
            {
                var packet = (TbPacket*)address;
                packet->Status = status;
                fixed (byte* bytes = result)
                {
                    ((delegate* unmanaged[Cdecl]<nuint, TbPacket*, ulong, byte*, uint, void>)completion)(context, packet, 1, bytes, (uint)result.Length);
                }
            }
        }
    }
}
