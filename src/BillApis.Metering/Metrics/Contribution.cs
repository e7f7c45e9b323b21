using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>What one event adds to one metric.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Dimensions">The group that the event belongs to.</param>
/// <param name="Value">The measured value; 1 where events are counted or a thing is added, and -1 where it is removed.</param>
/// <param name="Item">The value as <see cref="Aggregation.UniqueCount"/> and <see cref="Aggregation.Percentile"/> tell it from others; null for other aggregations.</param>
public readonly record struct Contribution(Metric Metric, Dimensions Dimensions, decimal Value, string? Item);

/// <summary>Measures events: the one place that says what an event adds to a metric.</summary>
internal static class Measuring
{
    private const int ItemLength = 64;
    private const int MaxExpressions = 10_000;
    private static readonly ConcurrentDictionary<string, UsageExpression> Expressions = new(StringComparer.Ordinal);

    /// <summary>Whether the metric counts events like this one.</summary>
    public static bool Counts(this Metric metric, UsageEvent item)
    {
        if (metric.ArchivedAt is not null || metric.EventType != item.Type)
        {
            return false;
        }

        // What the rules refuse is told when it is measured.
        _ = metric.Clean(ref item);
        return Passes(metric.Filters, item) && !IsExcluded(metric, item);
    }

    /// <summary>Measures an event that the metric counts; what is wrong with it, or null.</summary>
    public static FieldError? Measure(this Metric metric, UsageEvent item, out Contribution contribution)
    {
        var refused = metric.Clean(ref item);
        contribution = new Contribution(metric, metric.GroupBy.IsEmpty ? Dimensions.None : Dimensions.Of(metric.GroupBy, item.Properties), 1, null);
        if (refused is not null)
        {
            return refused;
        }

        if (contribution.Dimensions.Json.Length > Limits.DimensionsLength)
        {
            return new FieldError("properties", $"has dimensions of the metric '{metric.Code}' that are longer than {Limits.DimensionsLength} characters together");
        }

        if (metric.Expression is { } expression)
        {
            return Evaluate(metric, expression, item, ref contribution);
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
            return Identify(metric, value.Text, item, ref contribution);
        }

        return value.TryNumber(out var number)
            ? Number(metric, number, $"properties.{property}", ref contribution)
            : new FieldError($"properties.{property}", $"must be a number of at most 15 integer and {Limits.FractionDigits} fractional digits for the metric '{metric.Code}'");
    }

    private static bool IsExcluded(Metric metric, UsageEvent item)
    {
        foreach (var set in metric.Exclude)
        {
            if (Passes(set, item))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Passes(ImmutableArray<MetricFilter> filters, UsageEvent item)
    {
        foreach (var filter in filters)
        {
            if (!filter.Passes(item.Properties))
            {
                return false;
            }
        }

        return true;
    }

    private static FieldError? Evaluate(Metric metric, string expression, UsageEvent item, ref Contribution contribution)
    {
        decimal? Property(string name) => item.Properties[name].TryNumber(out var number) ? number : null;
        return !Parsed(expression).TryEvaluate(Property, out var value, out var problem) ? new FieldError("properties", $"{problem}, for the metric '{metric.Code}'")
            : metric.Aggregation is Aggregation.UniqueCount ? Identify(metric, Exact.Format(value), item, ref contribution)
            : Number(metric, value, "properties", ref contribution);
    }

    // Changes go both ways; other values below zero are mostly mistakes.
    private static FieldError? Number(Metric metric, decimal value, string field, ref Contribution contribution)
    {
        contribution = contribution with { Value = value, Item = metric.Aggregation is Aggregation.Percentile ? Exact.Format(value) : null };
        var isChange = metric.Aggregation is Aggregation.WeightedSum || (metric.Recurring && metric.Aggregation is Aggregation.Sum);
        return value >= 0 || metric.AllowNegative || isChange
            ? null
            : new FieldError(field, metric.Expression is { } expression
                ? $"come to {Exact.Format(value)} by '{expression}', but must not be negative for the metric '{metric.Code}', which does not say allow_negative"
                : $"must not be negative for the metric '{metric.Code}', which does not say allow_negative");
    }

    private static FieldError? Identify(Metric metric, string text, UsageEvent item, ref Contribution contribution)
    {
        var operation = metric.OperationProperty is { } name ? item.Properties[name] : default;
        contribution = contribution with { Item = Item(text), Value = operation.Text == "remove" ? -1 : 1 };
        return operation.Kind is PropertyKind.Null || operation.Text is "add" or "remove"
            ? null
            : new FieldError($"properties.{metric.OperationProperty}", $"must be 'add' or 'remove' for the metric '{metric.Code}'");
    }

    // An expression is read once, not for each event.
    private static UsageExpression Parsed(string text)
    {
        if (Expressions.Count > MaxExpressions)
        {
            Expressions.Clear();
        }

        return Expressions.GetOrAdd(text, static text => UsageExpression.Parse(text));
    }

    // Long values are told apart by their hash: they are only ever counted.
    private static string Item(string text) => text.Length > ItemLength || text.StartsWith('#') ? "#" + ContentHash.Hash(text) : text;
}
