using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What one coupon took off an invoice.</summary>
/// <param name="Coupon">The coupon.</param>
/// <param name="Description">What customers read.</param>
/// <param name="Amount">How much; the lines hold their shares of it.</param>
public sealed record InvoiceDiscount(CouponId Coupon, string Description, Money Amount)
{
    /// <summary>Whose coupon it is where the invoice bills several subscriptions together; null for every other discount.</summary>
    public SubscriptionId? Subscription { get; init; }

    /// <summary>Whether it is what the coupon would have taken off an earlier invoice more, or where negative less, with the adjustments of it that stand on this one.</summary>
    public bool IsCorrection { get; init; }

    /// <summary>The earlier invoice that a correction of an amount off is of; null for every other discount.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public InvoiceId? Corrects { get; init; }

    /// <summary>The start of the period that the coupon counted that invoice for; null for every other discount.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Instant? CountsFor { get; init; }
}
