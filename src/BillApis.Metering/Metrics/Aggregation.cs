namespace BillApis.Metering;

/// <summary>How a metric makes one quantity out of many events.</summary>
public enum Aggregation
{
    /// <summary>How many events.</summary>
    Count,

    /// <summary>The sum of the property.</summary>
    Sum,

    /// <summary>The greatest value of the property.</summary>
    Max,

    /// <summary>The least value of the property.</summary>
    Min,

    /// <summary>The mean of the property over the events.</summary>
    Average,

    /// <summary>The value of the event with the latest timestamp; of two at one instant the one with the greater id.</summary>
    Latest,

    /// <summary>How many different values of the property.</summary>
    UniqueCount,

    /// <summary>The running sum, weighted by the time that it lasted.</summary>
    WeightedSum,

    /// <summary>The value that a percentage of the events does not exceed.</summary>
    Percentile,
}
