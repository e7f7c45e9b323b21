namespace BillApis;

/// <summary>What is done about usage that comes after its period was billed.</summary>
public enum LateUsagePolicy
{
    /// <summary>The next invoice of the subscription has adjustments; where none follows, a supplementary invoice has them.</summary>
    Adjust,

    /// <summary>What a bill would have been less is taken back by a credit memo at once; what it would have been more is adjusted on the next invoice.</summary>
    CreditMemo,

    /// <summary>A supplementary invoice has the adjustments at once, and a credit memo what a bill would have been less.</summary>
    Invoice,

    /// <summary>It is kept as an orphan and not counted.</summary>
    Orphan,
}
