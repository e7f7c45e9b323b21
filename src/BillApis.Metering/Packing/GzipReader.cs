using System.IO.Compression;

namespace BillApis.Metering;

/// <summary>Unpacks gzip, and refuses what was cut off; <see cref="GZipStream"/> takes that for whole.</summary>
/// <remarks>A member of our own is put behind the data: only where theirs are whole does it come out at the end.</remarks>
internal sealed class GzipReader : ForwardStream
{
    private static readonly byte[] Mark = [.. "BillApis: the end"u8];
    private static readonly byte[] PackedMark = Pack(Mark);
    private readonly GZipStream _unpacked;
    private readonly byte[] _held = new byte[64 * 1024];
    private int _start;
    private int _end;

    public GzipReader(Stream packed) => _unpacked = new GZipStream(new Marked(packed), CompressionMode.Decompress);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What may be the mark is held back until more has come.
        while (_end - _start <= Mark.Length)
        {
            _held.AsSpan(_start.._end).CopyTo(_held);
            (_start, _end) = (0, _end - _start);
            var read = await _unpacked.ReadAsync(_held.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return _held.AsSpan(_start.._end).SequenceEqual(Mark) ? 0 : throw new InvalidDataException("The gzip data are damaged or cut off.");
            }

            _end += read;
        }

        var length = Math.Min(buffer.Length, _end - _start - Mark.Length);
        _held.AsMemory(_start, length).CopyTo(buffer);
        _start += length;
        return length;
    }

    protected override void Dispose(bool disposing)
    {
        _unpacked.Dispose();
        base.Dispose(disposing);
    }

    private static byte[] Pack(byte[] text)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest))
        {
            stream.Write(text);
        }

        return packed.ToArray();
    }

    private sealed class Marked(Stream packed) : ForwardStream
    {
        private bool _isOver;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = _isOver ? 0 : await packed.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read == 0 && !_isOver)
            {
                _isOver = true;
                PackedMark.CopyTo(buffer);
                return PackedMark.Length;
            }

            return read;
        }
    }
}
