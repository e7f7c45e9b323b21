namespace BillApis.Pricing;

/// <summary>What of the usage a model looks at.</summary>
internal enum PricedBy
{
    /// <summary>Nothing: the amount is agreed.</summary>
    Nothing,

    /// <summary>The quantity.</summary>
    Quantity,

    /// <summary>The amount of each event.</summary>
    Amounts,

    /// <summary>The quantity of each combination of dimension values.</summary>
    Groups,
}
