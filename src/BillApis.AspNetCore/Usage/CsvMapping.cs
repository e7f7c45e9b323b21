using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis.AspNetCore;

/// <summary>How the columns of a CSV become events.</summary>
internal sealed record CsvMapping
{
    /// <summary>Fields (<c>id type customer_id timestamp subscription_id source</c>, or <c>properties.x</c> for any property x) to the columns that hold them.</summary>
    public ImmutableSortedDictionary<string, string>? Columns { get; init; }

    /// <summary>Fields to the value of every row that has none.</summary>
    public ImmutableSortedDictionary<string, string>? Constants { get; init; }

    /// <summary>The columns that become properties under their own names.</summary>
    public ImmutableArray<string>? Properties { get; init; }

    /// <summary>What stands between two values; a comma where it is left out.</summary>
    public CsvDelimiter Delimiter { get; init; }

    public CsvLayout ToLayout() => new()
    {
        Columns = Ordered(Columns), Constants = Ordered(Constants), Properties = Properties ?? [], Delimiter = Letter(Delimiter),
    };

    private static ImmutableSortedDictionary<string, string> Ordered(ImmutableSortedDictionary<string, string>? given) =>
        (given ?? ImmutableSortedDictionary<string, string>.Empty).WithComparers(StringComparer.Ordinal);

    public static char Letter(CsvDelimiter delimiter) => delimiter switch { CsvDelimiter.Semicolon => ';', CsvDelimiter.Tab => '\t', CsvDelimiter.Bar => '|', _ => ',' };
}

internal enum CsvDelimiter
{
    Comma,
    Semicolon,
    Tab,
    Bar,
}
