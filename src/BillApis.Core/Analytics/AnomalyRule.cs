using System.Collections.Immutable;

namespace BillApis;

/// <summary>Says which hours stand out against the same hour of the weeks before.</summary>
internal static class AnomalyRule
{
    /// <summary>How many weeks are looked at.</summary>
    public const int Weeks = 4;

    /// <summary>How many of them must have usage.</summary>
    public const int LeastWeeks = 2;

    /// <summary>How many times the greatest quantity of those weeks a spike exceeds.</summary>
    public const int SpikeFactor = 3;

    /// <summary>How many events a spike has at least, and each hour that a silence follows.</summary>
    public const int LeastEvents = 10;

    /// <summary>In which way the hour stands out against the same hour of the weeks that count; null where it does not.</summary>
    public static UsageAnomalyKind? Judge(UsagePoint hour, ImmutableArray<UsagePoint> past) =>
        past.Length < LeastWeeks ? null
        : hour.Events >= LeastEvents && hour.Value > Exact.Multiply(SpikeFactor, Math.Max(past.Max(point => point.Value), 0)) ? UsageAnomalyKind.Spike
        : hour.Events == 0 && past.All(point => point.Events >= LeastEvents) ? UsageAnomalyKind.Silence
        : null;
}
