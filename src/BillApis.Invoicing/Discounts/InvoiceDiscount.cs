namespace BillApis.Invoicing;

/// <summary>What one coupon took off an invoice.</summary>
/// <param name="Coupon">The coupon.</param>
/// <param name="Description">What customers read.</param>
/// <param name="Amount">How much, more than zero; the lines hold their shares of it.</param>
public sealed record InvoiceDiscount(CouponId Coupon, string Description, Money Amount);
