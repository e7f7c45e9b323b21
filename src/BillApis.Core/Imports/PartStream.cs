using BillApis.Metering;

namespace BillApis;

/// <summary>The file of an import, read part by part from the store.</summary>
internal sealed class PartStream(IUsageImportStore store, UsageImport import) : ForwardStream
{
    private byte[] _part = [];
    private int _at;
    private long _next;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == _part.Length)
        {
            if (await store.ReadPartAsync(import.Tenant, import.Id, _next, cancellationToken).ConfigureAwait(false) is not { } part)
            {
                return 0;
            }

            (_part, _at, _next) = (part, 0, _next + 1);
        }

        var length = Math.Min(buffer.Length, _part.Length - _at);
        _part.AsMemory(_at, length).CopyTo(buffer);
        _at += length;
        return length;
    }
}
