namespace BillApis;

/// <summary>Why billing refused; each value has one stable wire code.</summary>
public enum BillingErrorCode
{
    /// <summary>The request is malformed or breaks a rule (VAL_001).</summary>
    Invalid,

    /// <summary>The request is larger than a limit allows (VAL_002).</summary>
    TooLarge,

    /// <summary>The tenant has no such thing (RES_001).</summary>
    NotFound,

    /// <summary>The thing is in a state that does not allow this, or someone else changed it first (CON_001).</summary>
    Conflict,

    /// <summary>The credentials are missing, wrong or expired (AUTH_001).</summary>
    Unauthenticated,

    /// <summary>The caller may not do this (AUTH_006).</summary>
    Forbidden,

    /// <summary>A spend limit or a quota does not allow it (LIM_001).</summary>
    LimitReached,

    /// <summary>A dependency, such as the database, cannot be reached (INT_002).</summary>
    Unavailable,
}
