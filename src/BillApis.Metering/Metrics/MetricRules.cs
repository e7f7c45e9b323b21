using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>Which settings of a metric go with which aggregation.</summary>
internal static class MetricRules
{
    private const int MaxExclusions = 20;
    private static readonly ImmutableArray<Aggregation> Carried = [Aggregation.Sum, Aggregation.Max, Aggregation.Latest, Aggregation.UniqueCount, Aggregation.WeightedSum];

    public static void Check(Metric metric)
    {
        BillApis.Check.Text("operation_property", metric.OperationProperty, Limits.CodeLength);
        var isPercentile = metric.Aggregation is Aggregation.Percentile;
        Refuse(isPercentile && metric.Percentile is not (> 0 and <= 100), "percentile", "must be above 0 and at most 100 for the aggregation percentile");
        Refuse(!isPercentile && metric.Percentile is not null, "percentile", "must be left out for every aggregation but percentile");
        Refuse(metric.Recurring && !Carried.Contains(metric.Aggregation), "recurring", "must be left out for every aggregation but sum, max, latest, unique_count and weighted_sum");
        Refuse(metric.OperationProperty is not null && metric.Aggregation is not Aggregation.UniqueCount, "operation_property", "must be left out for every aggregation but unique_count");
        Refuse(metric.Weighting is not null && metric.Aggregation is not (Aggregation.UniqueCount or Aggregation.WeightedSum), "weighting", "must be left out for every aggregation but unique_count and weighted_sum");
        Refuse(metric is { Weighting: not null, Aggregation: Aggregation.UniqueCount, OperationProperty: null }, "operation_property", "is required for the aggregation unique_count with a weighting");
        Refuse(metric.Exclude.Length > MaxExclusions, "exclude", $"must be at most {MaxExclusions} sets of conditions");
        CheckFilters("filters", metric.Filters);
        for (var i = 0; i < metric.Exclude.Length; i++)
        {
            Refuse(metric.Exclude[i].IsDefaultOrEmpty, $"exclude[{i}]", "must have a condition");
            CheckFilters($"exclude[{i}]", metric.Exclude[i]);
        }
    }

    private static void CheckFilters(string field, ImmutableArray<MetricFilter> filters)
    {
        for (var i = 0; i < filters.Length; i++)
        {
            filters[i].Validate($"{field}[{i}]");
        }
    }

    private static void Refuse(bool wrong, string field, string problem)
    {
        if (wrong)
        {
            throw BillingException.Field(field, problem);
        }
    }
}
