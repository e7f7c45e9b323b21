using NodaTime;
using NodaTime.TimeZones;

namespace BillApis.Invoicing;

/// <summary>The time that a customer has to pay.</summary>
internal static class PaymentTerm
{
    private static readonly ZoneLocalMappingResolver FirstValid = Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    /// <summary>Some days of a zone later: one on which its clocks change has 23 or 25 hours, so that what is issued on a date is due on the date that a calendar says.</summary>
    public static Instant EndOf(Instant start, int days, DateTimeZone zone) =>
        days == 0 || zone == DateTimeZone.Utc ? start + Duration.FromDays(days) : zone.ResolveLocal(start.InZone(zone).LocalDateTime.PlusDays(days), FirstValid).ToInstant();
}
