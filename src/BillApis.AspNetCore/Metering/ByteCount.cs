namespace BillApis.AspNetCore;

/// <summary>Bytes that went one way, counted from whichever thread moves them.</summary>
internal sealed class ByteCount
{
    private long _value;

    public long Value => Interlocked.Read(ref _value);

    public void Add(long bytes) => Interlocked.Add(ref _value, bytes);
}
