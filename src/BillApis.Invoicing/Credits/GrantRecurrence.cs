using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Fills a grant up again, period after period, counted in UTC.</summary>
/// <param name="Interval">How long a period is.</param>
/// <param name="Rollover">How much of what is left is carried over on top; the rest expires.</param>
public sealed record GrantRecurrence(BillingInterval Interval, Money Rollover)
{
    /// <summary>The first period that begins after an instant.</summary>
    public Instant Next(Instant start, Instant after) => new BillingSchedule(DateTimeZone.Utc, start, BillingAnchor.Subscription, Interval).NextBoundary(after);
}
