namespace BillApis.Metering;

/// <summary>How a file of events is compressed.</summary>
public enum UsagePacking
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>gzip, one member or several.</summary>
    Gzip,

    /// <summary>Brotli.</summary>
    Brotli,
}

/// <summary>Unpacks.</summary>
internal static class Unpacking
{
    /// <summary>The same stream without the compression; what is damaged or cut off throws <see cref="InvalidDataException"/> when it is read.</summary>
    public static Stream Unpack(this Stream packed, UsagePacking packing) => packing switch
    {
        UsagePacking.Gzip => new GzipReader(packed),
        UsagePacking.Brotli => new BrotliReader(packed),
        _ => packed,
    };
}
