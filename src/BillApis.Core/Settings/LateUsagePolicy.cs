namespace BillApis;

/// <summary>What is done about usage that comes after its period was billed.</summary>
public enum LateUsagePolicy
{
    /// <summary>The next invoice of the subscription has adjustments; where none follows, a supplementary invoice has them.</summary>
    Adjust,

    /// <summary>It is kept as an orphan and not counted.</summary>
    Orphan,
}
