namespace BillApis.Pricing;

/// <summary>What a part of a period costs.</summary>
public enum Proration
{
    /// <summary>As much as the whole.</summary>
    None,

    /// <summary>Its share of the period's real seconds.</summary>
    BySecond,

    /// <summary>Its share of the period's local days; the day of a change belongs to the new state.</summary>
    ByDay,
}
