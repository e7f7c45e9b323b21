using NodaTime;

namespace BillApis.Metering;

/// <summary>Lengths of time as the whole numbers that usage is weighed with.</summary>
internal static class Time
{
    public static long Microseconds(Duration duration) => duration.BclCompatibleTicks / 10;

    /// <summary>How many days of the zone's calendar begin anew from one instant to another; a day that is begun belongs to what begins there.</summary>
    public static long Days(Instant start, Instant end, DateTimeZone zone) => Period.DaysBetween(DateOf(start, zone), DateOf(end, zone));

    public static LocalDate DateOf(Instant at, DateTimeZone zone) => at.InZone(zone).Date;
}
