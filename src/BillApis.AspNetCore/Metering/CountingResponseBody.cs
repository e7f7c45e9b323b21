using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace BillApis.AspNetCore;

/// <summary>The response's body, with the bytes counted that are written to it in any of its ways.</summary>
internal sealed class CountingResponseBody(IHttpResponseBodyFeature inner, ByteCount bytes) : IHttpResponseBodyFeature
{
    private CountingStream? _stream;
    private CountingWriter? _writer;

    public Stream Stream => _stream ??= new CountingStream(inner.Stream, bytes);

    public PipeWriter Writer => _writer ??= new CountingWriter(inner.Writer, bytes);

    public void DisableBuffering() => inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public Task CompleteAsync() => inner.CompleteAsync();

    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        var length = count ?? new FileInfo(path).Length - offset;
        await inner.SendFileAsync(path, offset, count, cancellationToken).ConfigureAwait(false);
        bytes.Add(length);
    }

    private sealed class CountingWriter(PipeWriter inner, ByteCount written) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void Advance(int bytes)
        {
            inner.Advance(bytes);
            written.Add(bytes);
        }

        public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            var result = await inner.WriteAsync(source, cancellationToken).ConfigureAwait(false);
            written.Add(source.Length);
            return result;
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
