using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>What the boundaries of billing periods are counted from.</summary>
[JsonConverter(typeof(BillingAnchorJson))]
public abstract record BillingAnchor
{
    private protected BillingAnchor()
    {
    }

    /// <summary>Counts from the subscription's own start.</summary>
    public static BillingAnchor Subscription { get; } = new SubscriptionAnchor();

    /// <summary>Counts from local midnight of the 1st, or of Monday.</summary>
    public static BillingAnchor Calendar { get; } = new CalendarAnchor();

    /// <summary>Counts from local midnight of a day of the month, the last one where a month is shorter.</summary>
    /// <param name="day">1 to 31.</param>
    public static BillingAnchor OnDay(int day) => new DayAnchor(day);

    /// <summary>Counts from an instant, before or after the start, for example where a subscription moves here from another system.</summary>
    public static BillingAnchor At(Instant instant) => new InstantAnchor(instant);
}

/// <summary>Periods begin when the subscription began, at its time of day: the 31st becomes the 28th and the 31st again.</summary>
public sealed record SubscriptionAnchor : BillingAnchor;

/// <summary>Periods begin with the calendar's month, quarter, half year, year, week or day.</summary>
public sealed record CalendarAnchor : BillingAnchor;

/// <summary>Periods begin at an instant and whole intervals before and after it; the first one may be a stub.</summary>
/// <param name="Boundary">A boundary, before or after the subscription's start.</param>
public sealed record InstantAnchor(Instant Boundary) : BillingAnchor;

/// <summary>Periods begin on one day of the month; daily and weekly periods, which have none, begin with the calendar's.</summary>
/// <param name="Day">1 to 31; a month that is shorter bills on its last day.</param>
public sealed record DayAnchor(int Day) : BillingAnchor
{
    /// <summary>The day of the month.</summary>
    public int Day { get; } = Day is >= 1 and <= 31 ? Day : throw new ArgumentOutOfRangeException(nameof(Day), Day, "The day of the month is 1 to 31.");
}
