using System.Buffers;
using System.IO.Compression;

namespace BillApis.Metering;

/// <summary>Unpacks Brotli, and refuses what was cut off or goes on behind the end; <see cref="BrotliStream"/> takes both for whole.</summary>
internal sealed class BrotliReader(Stream packed) : ForwardStream
{
    private readonly byte[] _input = new byte[16 * 1024];
    private BrotliDecoder _decoder;
    private ReadOnlyMemory<byte> _rest;
    private bool _isDone;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            if (_isDone)
            {
                return _rest.IsEmpty && await packed.ReadAsync(_input, cancellationToken).ConfigureAwait(false) == 0 ? 0 : throw Broken();
            }

            var status = _decoder.Decompress(_rest.Span, buffer.Span, out var consumed, out var written);
            _rest = _rest[consumed..];
            _isDone = status is OperationStatus.Done;
            if (status is OperationStatus.InvalidData)
            {
                throw Broken();
            }

            if (written > 0)
            {
                return written;
            }

            if (status is OperationStatus.NeedMoreData)
            {
                var read = await packed.ReadAsync(_input, cancellationToken).ConfigureAwait(false);
                _rest = read > 0 ? _input.AsMemory(0, read) : throw Broken();
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        _decoder.Dispose();
        base.Dispose(disposing);
    }

    private static InvalidDataException Broken() => new("The Brotli data are damaged or cut off.");
}
