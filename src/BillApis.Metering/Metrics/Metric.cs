using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Metering;

/// <summary>A way to count usage: which events, which of their values, and how many become one quantity.</summary>
public sealed record Metric : IMasterData<Metric>
{
    /// <inheritdoc/>
    public static string Kind => "metric";

    /// <inheritdoc/>
    public static string AliasField => "code";

    /// <summary>The id.</summary>
    public MetricId Id { get; init; } = EntityId.New<MetricId>();

    /// <inheritdoc/>
    public TenantId Tenant { get; init; }

    /// <summary>The tenant's own name for it, without white space.</summary>
    public required string Code { get; init; }

    /// <summary>What people read.</summary>
    public required string Name { get; init; }

    /// <summary>The <see cref="UsageEvent.Type"/> of the events that are counted.</summary>
    public required string EventType { get; init; }

    /// <summary>How many events become one quantity.</summary>
    public required Aggregation Aggregation { get; init; }

    /// <summary>The property that is measured; all aggregations but <see cref="Aggregation.Count"/> need it or an <see cref="Expression"/>.</summary>
    public string? Property { get; init; }

    /// <summary>Arithmetic over properties that is measured instead of one of them, for example <c>input_tokens + 4 * output_tokens</c>.</summary>
    public string? Expression { get; init; }

    /// <summary>The percentage of the events that the quantity is not exceeded by, above 0 and at most 100; for <see cref="Aggregation.Percentile"/> alone.</summary>
    public decimal? Percentile { get; init; }

    /// <summary>Whether what was used before a period goes on in it: sums, levels and things that were added last until an event changes them.</summary>
    public bool Recurring { get; init; }

    /// <summary>The property that says <c>add</c> or <c>remove</c>, where <see cref="Aggregation.UniqueCount"/> counts what is there; events without it add.</summary>
    public string? OperationProperty { get; init; }

    /// <summary>How finely <see cref="Aggregation.WeightedSum"/> weighs time (by the second where null); <see cref="Aggregation.UniqueCount"/> with it counts for how long each thing was there.</summary>
    public TimeWeighting? Weighting { get; init; }

    /// <summary>Whether a quantity below zero becomes zero; groups keep their sign, so that they still add up.</summary>
    public bool FloorAtZero { get; init; }

    /// <summary>What an event must satisfy to be counted: all of them.</summary>
    public ImmutableArray<MetricFilter> Filters { get; init; } = [];

    /// <summary>How properties are checked and cleaned before filters, groups and the measure see them.</summary>
    public ImmutableArray<PropertyRule> Rules { get; init; } = [];

    /// <summary>How long before its arrival an event may have happened; as long as it likes where null.</summary>
    public long? MaxAgeSeconds { get; init; }

    /// <summary>How far ahead of its arrival an event may lie; as far as all events where null.</summary>
    public long? MaxAheadSeconds { get; init; }

    /// <summary>Sets of conditions: an event that satisfies all of one set is not counted.</summary>
    public ImmutableArray<ImmutableArray<MetricFilter>> Exclude { get; init; } = [];

    /// <summary>The properties whose values are counted apart.</summary>
    public ImmutableArray<string> GroupBy { get; init; } = [];

    /// <summary>What is counted, in a word, for example <c>token</c>.</summary>
    public string? Unit { get; init; }

    /// <summary>How the quantity is rounded before it is priced; not at all where null.</summary>
    public QuantityRounding? Rounding { get; init; }

    /// <summary>Whether events may carry values below zero, as corrections or returns do; they are refused where not.</summary>
    public bool AllowNegative { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<Metric>.Key => Id.ToString();

    string? IEntity<Metric>.Alias => Code;

    /// <summary>Whether what an event says lasts from then on, in its period at least: all that recurs, and what is weighed by time.</summary>
    internal bool Lasts => Recurring || Weighting is not null || Aggregation is Aggregation.WeightedSum;

    /// <inheritdoc/>
    public Metric WithVersion(long version) => this with { Version = version };

    /// <inheritdoc/>
    public Metric Created(TenantId tenant, Instant at) => this with { Tenant = tenant, CreatedAt = at, Version = 0 };

    /// <inheritdoc/>
    public Metric Archived(Instant at) => this with { ArchivedAt = at };

    /// <summary>Whether both count the same things in the same way; a metric that has counted must not come to count otherwise.</summary>
    public bool CountsLike(Metric other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (EventType, Aggregation, Property, Expression, Rounding, AllowNegative) == (other.EventType, other.Aggregation, other.Property, other.Expression, other.Rounding, other.AllowNegative)
            && (Percentile, Recurring, OperationProperty, Weighting, FloorAtZero) == (other.Percentile, other.Recurring, other.OperationProperty, other.Weighting, other.FloorAtZero)
            && GroupBy.SequenceEqual(other.GroupBy, StringComparer.Ordinal)
            && Rules.SequenceEqual(other.Rules)
            && MetricFilter.Same(Filters, other.Filters)
            && Exclude.Length == other.Exclude.Length
            && Exclude.Zip(other.Exclude).All(pair => MetricFilter.Same(pair.First, pair.Second));
    }

    /// <inheritdoc/>
    public void Validate()
    {
        Check.Code("code", Code);
        Check.Name("name", Name);
        Check.Name("event_type", EventType);
        Check.Text("event_type", EventType, Limits.CodeLength);
        Check.Text("unit", Unit, Limits.CodeLength);
        Check.Metadata(Metadata);
        Rounding?.Validate();
        ValidateMeasure();
        MetricRules.Check(this);
        ValidateGroups();
        ValidateRules();
    }

    private void ValidateMeasure()
    {
        Check.Text("property", Property, Limits.CodeLength);
        if (Expression is not null)
        {
            _ = UsageExpression.Parse(Expression);
        }

        if (Property is not null && Expression is not null)
        {
            throw BillingException.Field("expression", "must be left out where there is a property");
        }

        var isMeasured = (Property ?? Expression) is not null;
        if (isMeasured == (Aggregation is Aggregation.Count))
        {
            throw BillingException.Field(Expression is null ? "property" : "expression", isMeasured ? "must be left out for the aggregation count" : "is required for every aggregation but count, or an expression");
        }
    }

    private void ValidateRules()
    {
        if (Rules.Length > Limits.RulesPerMetric)
        {
            throw BillingException.Field("rules", $"must be at most {Limits.RulesPerMetric}");
        }

        for (var i = 0; i < Rules.Length; i++)
        {
            Rules[i].Validate($"rules[{i}]");
            if (Rules.Take(i).Any(rule => rule.Property == Rules[i].Property))
            {
                throw BillingException.Field($"rules[{i}].property", $"names '{Rules[i].Property}' again");
            }
        }

        Check.Range("max_age_seconds", MaxAgeSeconds ?? 0, 0, Limits.MostSkewSeconds);
        Check.Range("max_ahead_seconds", MaxAheadSeconds ?? 0, 0, Limits.MostSkewSeconds);
    }

    private void ValidateGroups()
    {
        if (GroupBy.Length > Limits.DimensionsPerMetric)
        {
            throw BillingException.Field("group_by", $"must name at most {Limits.DimensionsPerMetric} properties");
        }

        for (var i = 0; i < GroupBy.Length; i++)
        {
            Check.Name($"group_by[{i}]", GroupBy[i]);
            Check.Text($"group_by[{i}]", GroupBy[i], Limits.CodeLength);
            if (GroupBy.IndexOf(GroupBy[i]) < i)
            {
                throw BillingException.Field($"group_by[{i}]", $"names '{GroupBy[i]}' again");
            }
        }
    }
}
