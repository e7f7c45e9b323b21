using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace BillApis.TigerBeetle.Native;

/// <summary>A session with a cluster. The library calls back on a thread of its own, so that no thread of ours waits.</summary>
internal sealed class NativeClient : ITigerBeetleClient
{
    // tb_client_t: 32 opaque bytes that must stay where they are.
    private const nuint ClientSize = 32;
    private const nuint Alignment = 16;

    private readonly ClientLibrary _library;
    private readonly TigerBeetleOptions _options;
    private readonly unsafe void* _client;
    private readonly Lock _gate = new();
    private bool _disposed;

    /// <exception cref="BillingException">The library cannot be used, or an address cannot be read.</exception>
    public unsafe NativeClient(TigerBeetleOptions options, ClientLibrary? library = null)
    {
        _options = options;
        _library = library ?? ClientLibrary.Load(options.Library);
        _client = NativeMemory.AlignedAlloc(ClientSize, Alignment);
        Span<byte> cluster = stackalloc byte[16];
        MemoryMarshal.Write(cluster, options.ClusterId);
        var addresses = Encoding.UTF8.GetBytes(options.Addresses);
        fixed (byte* clusterId = cluster, address = addresses)
        {
            var status = _library.Init(_client, clusterId, address, (uint)addresses.Length, 0, &OnCompletion);
            if (status is not TbInitStatus.Success)
            {
                NativeMemory.AlignedFree(_client);
                throw Unavailable(status switch
                {
                    TbInitStatus.AddressInvalid or TbInitStatus.AddressLimitExceeded => $"cannot be reached at '{options.Addresses}': name the replicas like 127.0.0.1:3000, with commas between",
                    _ => $"cannot be reached: the client library answered {status}",
                });
            }
        }
    }

    public Task<byte[]> SubmitAsync(TbOperation operation, ReadOnlyMemory<byte> events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return WaitAsync(Submit(operation, events.Span), cancellationToken);
    }

    public unsafe void Dispose()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                // What is under way is completed as shut down before this returns.
                _disposed = true;
                _ = _library.Deinit(_client);
                NativeMemory.AlignedFree(_client);
            }
        }
    }

    /// <summary>The one clear error of a request that the client did not carry out.</summary>
    internal static Exception Failure(TbPacketStatus status) => status switch
    {
        TbPacketStatus.ClientEvicted => Unavailable("has evicted this client, since too many others are connected; restart this process, and run fewer"),
        TbPacketStatus.ClientReleaseTooLow => Unavailable("runs a newer release than the client library; install the library of its release"),
        TbPacketStatus.ClientReleaseTooHigh => Unavailable("runs an older release than the client library; upgrade the cluster, or install the library of its release"),
        TbPacketStatus.ClientShutdown => Unavailable("is no longer connected: this process is shutting down"),
        _ => new InvalidOperationException($"The TigerBeetle client refused a request: {status}."),
    };

    private static BillingException Unavailable(string what) => new(BillingErrorCode.Unavailable, $"The TigerBeetle cluster {what}.");

    private async Task<byte[]> WaitAsync(Task<byte[]> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.WaitAsync(TimeSpan.FromSeconds(_options.AnswerSeconds), cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Unavailable($"at {_options.Addresses} has not answered within {_options.AnswerSeconds} seconds");
        }
    }

    // The packet and its events are one block of memory, which the completion frees.
    private unsafe Task<byte[]> Submit(TbOperation operation, ReadOnlySpan<byte> events)
    {
        const int head = 96;
        var answer = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)(head + events.Length), Alignment);
        new Span<byte>(memory, head).Clear();
        events.CopyTo(new Span<byte>(memory + head, events.Length));
        var packet = (TbPacket*)memory;
        packet->UserData = GCHandle.ToIntPtr(GCHandle.Alloc(answer));
        packet->Data = (nint)(memory + head);
        packet->DataSize = (uint)events.Length;
        packet->Operation = operation;
        lock (_gate)
        {
            if (_disposed || _library.Submit(_client, packet) != 0)
            {
                Complete(packet, TbPacketStatus.ClientShutdown, []);
            }
        }

        return answer.Task;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe void OnCompletion(nuint context, TbPacket* packet, ulong timestamp, byte* result, uint size) =>
        Complete(packet, packet->Status, new ReadOnlySpan<byte>(result, (int)size));

    // An exception must not cross into the library's thread: nothing here throws.
    private static unsafe void Complete(TbPacket* packet, TbPacketStatus status, ReadOnlySpan<byte> result)
    {
        var handle = GCHandle.FromIntPtr(packet->UserData);
        var answer = (TaskCompletionSource<byte[]>)handle.Target!;
        handle.Free();
        if (status is TbPacketStatus.Ok)
        {
            answer.TrySetResult(result.ToArray());
        }
        else
        {
            answer.TrySetException(Failure(status));
        }

        NativeMemory.AlignedFree(packet);
    }
}
