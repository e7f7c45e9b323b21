using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>A condition on one property; events that fail it are not counted.</summary>
public sealed record MetricFilter
{
    private const int MaxValues = 100;

    /// <summary>The name of the property.</summary>
    public required string Property { get; init; }

    /// <summary>How the property is compared.</summary>
    public required FilterOperator Op { get; init; }

    /// <summary>What it is compared with: one or more for <c>in</c> and <c>not_in</c>, one for comparisons, none for <c>exists</c>.</summary>
    public ImmutableArray<PropertyValue> Values { get; init; } = [];

    /// <summary>Whether the properties pass; without the property only <c>not_in</c> does.</summary>
    internal bool Passes(UsageProperties properties)
    {
        var value = properties[Property];
        return Op switch
        {
            FilterOperator.NotIn => !Values.Any(value.Says),
            _ when value.Kind is PropertyKind.Null => false,
            FilterOperator.Exists => true,
            FilterOperator.In or FilterOperator.Eq => Values.Any(value.Says),
            _ => value.TryNumber(out var left) && Values[0].TryNumber(out var right) && Compare(left.CompareTo(right)),
        };
    }

    /// <summary>Whether both are the same conditions in the same order.</summary>
    internal static bool Same(ImmutableArray<MetricFilter> left, ImmutableArray<MetricFilter> right) =>
        left.Length == right.Length
        && left.Zip(right).All(pair => (pair.First.Property, pair.First.Op) == (pair.Second.Property, pair.Second.Op) && pair.First.Values.SequenceEqual(pair.Second.Values));

    internal void Validate(string field)
    {
        Check.Name($"{field}.property", Property);
        var count = Values.IsDefault ? 0 : Values.Length;
        var (least, most) = Op switch
        {
            FilterOperator.In or FilterOperator.NotIn => (1, MaxValues),
            FilterOperator.Exists => (0, 0),
            _ => (1, 1),
        };
        if (count < least || count > most)
        {
            throw BillingException.Field($"{field}.values", least == most ? $"must have {least} entries for this op" : $"must have {least} to {most} entries");
        }

        if (Op is FilterOperator.Gt or FilterOperator.Gte or FilterOperator.Lt or FilterOperator.Lte && !Values[0].TryNumber(out _))
        {
            throw BillingException.Field($"{field}.values[0]", "must be a number for this op");
        }
    }

    private bool Compare(int order) => Op switch
    {
        FilterOperator.Gt => order > 0,
        FilterOperator.Gte => order >= 0,
        FilterOperator.Lt => order < 0,
        _ => order <= 0,
    };
}

/// <summary>How a filter compares.</summary>
public enum FilterOperator
{
    /// <summary>Is one of the values.</summary>
    In,

    /// <summary>Is none of the values, or is not there.</summary>
    NotIn,

    /// <summary>Is the value.</summary>
    Eq,

    /// <summary>Is a number above the value.</summary>
    Gt,

    /// <summary>Is a number above the value or equal to it.</summary>
    Gte,

    /// <summary>Is a number below the value.</summary>
    Lt,

    /// <summary>Is a number below the value or equal to it.</summary>
    Lte,

    /// <summary>Is there and not null.</summary>
    Exists,
}
