using System.Collections.Immutable;
using BillApis.Pricing;

namespace BillApis;

/// <summary>Stops a caller that leaves out what no request can do without, before anything is done.</summary>
internal static class Given
{
    /// <exception cref="ArgumentException">There is no collection, or an item of it is missing.</exception>
    public static void All<T>(ImmutableArray<T> items, string name)
    {
        if (items.IsDefault || items.Any(item => item is null))
        {
            throw new ArgumentException($"{name} must be given, be they none, and each of them.", name);
        }
    }

    /// <exception cref="ArgumentException">There are no terms, or those of a price are missing.</exception>
    public static void Terms(ImmutableSortedDictionary<string, PriceTerms> prices, string name)
    {
        ArgumentNullException.ThrowIfNull(prices, name);
        if (prices.Values.Any(terms => terms is null))
        {
            throw new ArgumentException($"{name} must have terms for each price that they name.", name);
        }
    }

    /// <exception cref="ArgumentOutOfRangeException">The value is none of its type.</exception>
    public static void Known<T>(T value, string name) where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(name, value, $"must be one of {string.Join(", ", Enum.GetNames<T>())}");
        }
    }
}
