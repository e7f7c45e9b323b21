namespace BillApis.Invoicing;

/// <summary>On how many invoices of a subscription a coupon counts.</summary>
public enum CouponDuration
{
    /// <summary>On the next one that it takes something off.</summary>
    Once,

    /// <summary>On a number of them.</summary>
    Repeating,

    /// <summary>On every one.</summary>
    Forever,
}
