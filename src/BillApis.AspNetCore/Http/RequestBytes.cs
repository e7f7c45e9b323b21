using System.Buffers;
using BillApis.Metering;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Reads a whole request body, up to <see cref="Limits.RequestBytes"/> as it comes and as it unpacks.</summary>
internal static class RequestBytes
{
    private const int FirstBytes = 16 * 1024;

    /// <summary>The body as it was sent; valid until the request is over.</summary>
    public static Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context) => ReadAsync(context, context.Request.Body, context.Request.ContentLength);

    /// <summary>The body without the compression that its Content-Encoding names; valid until the request is over.</summary>
    public static async Task<ReadOnlyMemory<byte>> UnpackAsync(HttpContext context)
    {
        var packing = ContentCoding.Of(context.Request);
        if (packing is UsagePacking.None)
        {
            return await ReadAsync(context).ConfigureAwait(false);
        }

        var unpacked = context.Request.Body.Unpack(packing);
        await using (unpacked.ConfigureAwait(false))
        {
            try
            {
                return await ReadAsync(context, unpacked, null).ConfigureAwait(false);
            }
            catch (InvalidDataException)
            {
                throw BillingException.Field("body", $"is not what its Content-Encoding {context.Request.Headers.ContentEncoding} says, or was cut off");
            }
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, Stream source, long? length)
    {
        if (length > Limits.RequestBytes)
        {
            throw new HttpRefusal(Failure.TooLarge);
        }

        var buffer = new PooledBytes((int)(length ?? FirstBytes) + 1);
        context.Response.RegisterForDispose(buffer);
        while (await source.ReadAsync(buffer.Free, context.RequestAborted).ConfigureAwait(false) is > 0 and var read)
        {
            buffer.Advance(read);
            if (buffer.Length > Limits.RequestBytes)
            {
                throw new HttpRefusal(Failure.TooLarge);
            }
        }

        return buffer.Written;
    }

    /// <summary>Bytes in a rented array that grows; given back when the request is over.</summary>
    private sealed class PooledBytes(int size) : IDisposable
    {
        private byte[] _array = ArrayPool<byte>.Shared.Rent(size);

        public int Length { get; private set; }

        public Memory<byte> Free => _array.AsMemory(Length);

        public ReadOnlyMemory<byte> Written => _array.AsMemory(0, Length);

        public void Advance(int count)
        {
            Length += count;
            if (Length == _array.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Length * 2);
                Written.Span.CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_array);
                _array = larger;
            }
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(_array);
    }
}
