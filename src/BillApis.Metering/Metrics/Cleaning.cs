using NodaTime;

namespace BillApis.Metering;

/// <summary>Cleans events by the rules of a metric; what is stored stays as it was sent.</summary>
internal static class Cleaning
{
    /// <summary>The event as the metric sees it.</summary>
    /// <returns>What the rules refuse; null where they refuse nothing.</returns>
    public static FieldError? Clean(this Metric metric, ref UsageEvent item)
    {
        if (metric.Rules.IsEmpty)
        {
            return null;
        }

        var (sent, wrong) = (item.Properties, (FieldError?)null);
        var cleaned = sent.Items.ToDictionary(each => each.Key, each => each.Value, StringComparer.Ordinal);
        foreach (var rule in metric.Rules)
        {
            if (rule.Clean(sent[rule.Property], out var value) is { } problem)
            {
                wrong ??= new FieldError($"properties.{rule.Property}", $"{problem} for the metric '{metric.Code}'");
            }

            cleaned[rule.Property] = value;
        }

        item = item with { Properties = UsageProperties.Of(cleaned) };
        return wrong;
    }

    /// <summary>What is wrong with the time of an event that the metric counts.</summary>
    public static FieldError? Skew(this Metric metric, UsageEvent item, Instant received) =>
        item.Timestamp is not { } at ? null
        : metric.MaxAgeSeconds is { } age && at < received - Duration.FromSeconds(age)
            ? new FieldError("timestamp", $"must not be more than {age} seconds before the arrival at {received} for the metric '{metric.Code}'")
        : metric.MaxAheadSeconds is { } ahead && at > received + Duration.FromSeconds(ahead)
            ? new FieldError("timestamp", $"must not be more than {ahead} seconds after the arrival at {received} for the metric '{metric.Code}'")
        : null;
}
