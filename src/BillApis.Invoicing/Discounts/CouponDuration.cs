namespace BillApis.Invoicing;

/// <summary>For how many periods of a subscription a coupon counts.</summary>
public enum CouponDuration
{
    /// <summary>On the next invoice that it takes something off.</summary>
    Once,

    /// <summary>For a number of them.</summary>
    Repeating,

    /// <summary>For every one.</summary>
    Forever,
}
