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

    /// <summary>How many different values of the property; with an operation property, how many that were added are not removed.</summary>
    UniqueCount,

    /// <summary>The running sum of changes, weighted by the time that it lasted: its mean over the period.</summary>
    WeightedSum,

    /// <summary>The least value of an event that a percentage of the events does not exceed (nearest rank, never a value between two).</summary>
    Percentile,
}

/// <summary>How finely time is weighed.</summary>
public enum TimeWeighting
{
    /// <summary>By the real time that passed.</summary>
    Second,

    /// <summary>By days of the zone's calendar: a change weighs from the start of its day, and what is removed is there until the end of it.</summary>
    Day,
}
