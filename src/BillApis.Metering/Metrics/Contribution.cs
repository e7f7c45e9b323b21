namespace BillApis.Metering;

/// <summary>What one event adds to one metric.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Dimensions">The group that the event belongs to.</param>
/// <param name="Value">The measured value; 1 where events are counted.</param>
/// <param name="Item">The value as <see cref="Aggregation.UniqueCount"/> tells it from others; null for other aggregations.</param>
public readonly record struct Contribution(Metric Metric, Dimensions Dimensions, decimal Value, string? Item);

/// <summary>Measures events: the one place that says what an event adds to a metric.</summary>
internal static class Measuring
{
    private const int ItemLength = 64;

    /// <summary>Whether the metric counts events like this one.</summary>
    public static bool Counts(this Metric metric, UsageEvent item) =>
        metric.ArchivedAt is null && metric.EventType == item.Type && metric.Filters.All(filter => filter.Passes(item.Properties));

    /// <summary>Measures an event that the metric counts; what is wrong with it, or null.</summary>
    public static FieldError? Measure(this Metric metric, UsageEvent item, out Contribution contribution)
    {
        contribution = new Contribution(metric, Dimensions.Of(metric.GroupBy, item.Properties), 1, null);
        if (contribution.Dimensions.Json.Length > Limits.DimensionsLength)
        {
            return new FieldError("properties", $"has dimensions of the metric '{metric.Code}' that are longer than {Limits.DimensionsLength} characters together");
        }

        if (metric.Property is not { } property)
        {
            return null;
        }

        var value = item.Properties[property];
        if (value.Kind is PropertyKind.Null)
        {
            return new FieldError($"properties.{property}", $"is required by the metric '{metric.Code}'");
        }

        if (metric.Aggregation is Aggregation.UniqueCount)
        {
            contribution = contribution with { Item = Item(value.Text) };
            return null;
        }

        if (!value.TryNumber(out var number))
        {
            return new FieldError($"properties.{property}", $"must be a number of at most 15 integer and {Limits.FractionDigits} fractional digits for the metric '{metric.Code}'");
        }

        contribution = contribution with { Value = number };
        return number < 0 && !metric.AllowNegative
            ? new FieldError($"properties.{property}", $"must not be negative for the metric '{metric.Code}', which does not say allow_negative")
            : null;
    }

    // Long values are told apart by their hash: they are only ever counted.
    private static string Item(string text) => text.Length > ItemLength || text.StartsWith('#') ? "#" + ContentHash.Hash(text) : text;
}
