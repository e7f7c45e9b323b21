namespace BillApis.Invoicing;

/// <summary>For how many periods of a subscription a coupon counts.</summary>
public enum CouponDuration
{
    /// <summary>For the next one that it takes something off.</summary>
    Once,

    /// <summary>For a number of them.</summary>
    Repeating,

    /// <summary>For every one.</summary>
    Forever,
}
