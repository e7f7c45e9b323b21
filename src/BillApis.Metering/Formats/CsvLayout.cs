using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>Which column of a CSV file is which field of an event; a field that is not mapped is in the column of its own name.</summary>
public sealed record CsvLayout
{
    internal const string PropertyPrefix = "properties.";

    /// <summary>The field names <c>id type customer_id timestamp subscription_id source</c> and <c>properties.x</c>, for any property x, to the columns that hold them; one column may be several fields.</summary>
    public ImmutableSortedDictionary<string, string> Columns { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Field names to the value that every row has, where the file has no column or no value for it.</summary>
    public ImmutableSortedDictionary<string, string> Constants { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The columns that become properties under their own names; where this is empty and no property is mapped, every column that is no field.</summary>
    public ImmutableArray<string> Properties { get; init; } = [];

    /// <summary>What stands between two values: a comma, a semicolon, a tab or a bar.</summary>
    public char Delimiter { get; init; } = ',';

    internal bool IsLike(CsvLayout other) =>
        Delimiter == other.Delimiter && Columns.SequenceEqual(other.Columns) && Constants.SequenceEqual(other.Constants) && Properties.SequenceEqual(other.Properties);

    internal void Validate()
    {
        if (!",;\t|".Contains(Delimiter, StringComparison.Ordinal))
        {
            throw BillingException.Field("delimiter", "must be a comma, a semicolon, a tab or a bar");
        }

        foreach (var unknown in Columns.Keys.Concat(Constants.Keys).Except(EventJson.Fields).Where(name => PropertyOf(name) is null or ""))
        {
            throw BillingException.Field(unknown, $"is no field of an event; allowed: {string.Join(", ", EventJson.Fields)}, {PropertyPrefix} and a name");
        }

        if (Constants.ContainsKey(EventJson.Fields[0]))
        {
            throw BillingException.Field(EventJson.Fields[0], "must be a column: no two events have one id");
        }
    }

    /// <summary>The property that a field's name means; null where it is none.</summary>
    internal static string? PropertyOf(string field) => field.StartsWith(PropertyPrefix, StringComparison.Ordinal) ? field[PropertyPrefix.Length..] : null;
}
