namespace BillApis.Metering;

/// <summary>How a file of events is written.</summary>
public sealed record UsageFile
{
    /// <summary>The format.</summary>
    public required UsageFormat Format { get; init; }

    /// <summary>The compression.</summary>
    public UsagePacking Packing { get; init; }

    /// <summary>Which column is which field, where the file is CSV.</summary>
    public CsvLayout Csv { get; init; } = new();

    internal bool IsLike(UsageFile other) =>
        (Format, Packing) == (other.Format, other.Packing) && Csv.IsLike(other.Csv);
}
