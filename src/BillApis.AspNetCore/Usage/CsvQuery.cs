using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis.AspNetCore;

/// <summary>Which column of a CSV is which field, where the columns do not have the fields' own names; constants stand in for columns that are not there.</summary>
internal record CsvQuery
{
    /// <summary>All of it as one JSON object, in place of the parameters below.</summary>
    public CsvMapping? Mapping { get; init; }

    public string? IdColumn { get; init; }
    public string? TypeColumn { get; init; }
    public string? CustomerIdColumn { get; init; }
    public string? TimestampColumn { get; init; }
    public string? SubscriptionIdColumn { get; init; }
    public string? SourceColumn { get; init; }

    /// <summary>The type of rows that have none.</summary>
    public string? Type { get; init; }

    /// <summary>The customer of rows that have none.</summary>
    public string? CustomerId { get; init; }

    /// <summary>The source of rows that have none.</summary>
    public string? Source { get; init; }

    /// <summary>The columns that become properties, with commas between; every column that is no field where this is left out.</summary>
    public string? PropertyColumns { get; init; }

    /// <summary>comma, semicolon, tab or bar.</summary>
    public CsvDelimiter Delimiter { get; init; }

    /// <exception cref="BillingException">The mapping is there twice, or refused.</exception>
    public CsvLayout ToLayout(CsvMapping? part = null) => (part, Mapping) switch
    {
        (null, null) => OneByOne(),
        (not null, not null) => throw BillingException.Field("mapping", "is there twice"),
        _ => OneByOne().IsLike(new CsvLayout()) ? (part ?? Mapping)!.ToLayout() : throw BillingException.Field("mapping", "must be left out where columns or constants are named one by one"),
    };

    private CsvLayout OneByOne() => new()
    {
        Columns = Given(("id", IdColumn), ("type", TypeColumn), ("customer_id", CustomerIdColumn), ("timestamp", TimestampColumn), ("subscription_id", SubscriptionIdColumn), ("source", SourceColumn)),
        Constants = Given(("type", Type), ("customer_id", CustomerId), ("source", Source)),
        Properties = [.. (PropertyColumns ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
        Delimiter = CsvMapping.Letter(Delimiter),
    };

    private static ImmutableSortedDictionary<string, string> Given(params (string Field, string? Value)[] fields) =>
        fields.Where(field => field.Value is not null).ToImmutableSortedDictionary(field => field.Field, field => field.Value!, StringComparer.Ordinal);
}
