namespace BillApis;

/// <summary>What happens once a spend limit is reached.</summary>
public enum SpendAction
{
    /// <summary>It is told, and nothing else.</summary>
    Notify,

    /// <summary>Its subscriptions are suspended until the limit is raised or reset, or the month is over.</summary>
    Suspend,

    /// <summary>Entitlement checks and reservations say no until then; usage that comes all the same is counted and billed.</summary>
    Block,
}

/// <summary>How near a spend limit is.</summary>
public enum SpendState
{
    /// <summary>No threshold was reached in this month.</summary>
    Ok,

    /// <summary>A threshold was reached, and the limit was not.</summary>
    Warning,

    /// <summary>The limit is reached.</summary>
    Exceeded,
}
