using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>All usage that has the same values of some properties.</summary>
internal sealed record UsageGroup(ImmutableArray<string> Dimensions, ImmutableArray<string?> Values, decimal Quantity, ImmutableArray<RatingEvent> Events)
{
    /// <summary>The groups, by the ordinal order of their values, so that the order of the events does not matter.</summary>
    public static IEnumerable<UsageGroup> Of(ImmutableArray<RatingEvent> events, decimal quantity, ImmutableArray<string> dimensions) =>
        events.IsDefaultOrEmpty
            ? [new(dimensions, [.. dimensions.Select(_ => (string?)null)], quantity, [])]
            : events
                .Select(item => (item, values: dimensions.Select(name => item.Properties.GetValueOrDefault(name)).ToImmutableArray()))
                .GroupBy(pair => string.Join('\u001f', pair.values.Select(value => value ?? "\u001e")), StringComparer.Ordinal)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new UsageGroup(
                    dimensions,
                    group.First().values,
                    group.Aggregate(0m, (sum, pair) => Exact.Add(sum, pair.item.Quantity)),
                    [.. group.Select(pair => pair.item)]));

    public bool Matches(ImmutableArray<string?> cell)
    {
        for (var i = 0; i < Values.Length; i++)
        {
            if (cell[i] is { } wanted && wanted != Values[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>For example <c>region=eu, cloud=aws</c>.</summary>
    public override string ToString() => string.Join(", ", Dimensions.Zip(Values, (name, value) => $"{name}={value ?? "(none)"}"));
}
