using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>Which column of a CSV file is which field of an event; a field that is not mapped is in the column of its own name.</summary>
public sealed record CsvLayout
{
    /// <summary>The field names <c>id type customer_id timestamp subscription_id source</c> to the columns that hold them.</summary>
    public ImmutableSortedDictionary<string, string> Columns { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Field names to the value that every row has, where the file has no column or no value for it.</summary>
    public ImmutableSortedDictionary<string, string> Constants { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The columns that become properties; empty for every column that is no field.</summary>
    public ImmutableArray<string> Properties { get; init; } = [];

    /// <summary>What stands between two values: a comma, a semicolon, a tab or a bar.</summary>
    public char Delimiter { get; init; } = ',';

    internal void Validate()
    {
        if (!",;\t|".Contains(Delimiter, StringComparison.Ordinal))
        {
            throw BillingException.Field("delimiter", "must be a comma, a semicolon, a tab or a bar");
        }

        foreach (var unknown in Columns.Keys.Concat(Constants.Keys).Except(EventJson.Fields))
        {
            throw BillingException.Field(unknown, $"is no field of an event; allowed: {string.Join(", ", EventJson.Fields)}");
        }
    }
}
