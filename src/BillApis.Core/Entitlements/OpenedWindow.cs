using BillApis.Pricing;
using NodaTime;
using NodaTime.TimeZones;

namespace BillApis;

/// <summary>
/// Windows of a quota that open with its use: pure, so that the windows of a period follow from what was used in it, in whatever order that came. None reaches into the next period, and less than
/// an hour is not left between the two.
/// </summary>
internal static class OpenedWindow
{
    private static readonly Duration ShortestRest = Duration.FromHours(1);

    // As of boundaries of periods.
    private static readonly ZoneLocalMappingResolver FirstValid = Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    /// <summary>The window that a use opens; null where it opens none.</summary>
    /// <param name="terms">How long windows are, and what they begin with.</param>
    /// <param name="period">The subscription's period.</param>
    /// <param name="zone">The customer's zone.</param>
    /// <param name="use">The first use that no window before it covers.</param>
    /// <param name="before">When the window before it ended; null where there was none.</param>
    public static Interval? Of(Entitlement terms, Interval period, DateTimeZone zone, Instant? use, Instant? before)
    {
        var from = before is { } ended ? Instant.Max(ended, period.Start) : period.Start;
        if (use is not { } at || at < from || at >= period.End)
        {
            return null;
        }

        var start = terms.Opens is WindowOpening.FirstUsage ? at : Instant.Max(from, BucketOf(terms, period.Start, zone, at));
        var end = Plus(terms.Reset, terms.ResetCount, start, zone);
        return new Interval(start, period.End - end < ShortestRest ? period.End : end);
    }

    /// <summary>Refuses windows that open with their use for a feature that nothing meters.</summary>
    /// <exception cref="BillingException">They are granted for one.</exception>
    public static void Check(Entitlement terms, Feature feature, string path = "")
    {
        if (terms.Opens is not WindowOpening.Calendar && feature.Metric is null)
        {
            throw BillingException.Field($"{path}opens", $"must be calendar for the feature '{feature.Code}', which has no metric that tells when it is used");
        }
    }

    /// <summary>The beginning of the hour, day, week or month that an instant is in.</summary>
    public static Instant Floor(UsageReset unit, Instant at, DateTimeZone zone)
    {
        var local = at.InZone(zone).LocalDateTime;
        return unit is UsageReset.Hour ? at - (local.TimeOfDay - LocalTime.FromHourMinuteSecondTick(local.Hour, 0, 0, 0)).ToDuration() : zone.AtStartOfDay(Floor(unit, local.Date)).ToInstant();
    }

    private static LocalDate Floor(UsageReset unit, LocalDate day) => unit switch
    {
        UsageReset.Week => day.With(DateAdjusters.PreviousOrSame(IsoDayOfWeek.Monday)),
        UsageReset.Month => day.With(DateAdjusters.StartOfMonth),
        _ => day,
    };

    // Several units together are counted from the one that the period begins in.
    private static Instant BucketOf(Entitlement terms, Instant periodStart, DateTimeZone zone, Instant at)
    {
        var first = Floor(terms.Reset, periodStart, zone);
        if (terms.Reset is UsageReset.Hour)
        {
            var hours = (at - first).BclCompatibleTicks / NodaConstants.TicksPerHour;
            return first + Duration.FromHours(hours - (hours % terms.ResetCount));
        }

        var (begin, day) = (first.InZone(zone).Date, Floor(terms.Reset, at.InZone(zone).Date));
        var units = terms.Reset switch
        {
            UsageReset.Month => Period.Between(begin, day, PeriodUnits.Months).Months,
            UsageReset.Week => Period.DaysBetween(begin, day) / 7,
            _ => Period.DaysBetween(begin, day),
        };
        return zone.AtStartOfDay(Plus(terms.Reset, units - (units % terms.ResetCount), begin.AtMidnight()).Date).ToInstant();
    }

    private static Instant Plus(UsageReset unit, int count, Instant start, DateTimeZone zone) => unit is UsageReset.Hour
        ? start + Duration.FromHours(count)
        : zone.ResolveLocal(Plus(unit, count, start.InZone(zone).LocalDateTime), FirstValid).ToInstant();

    private static LocalDateTime Plus(UsageReset unit, int count, LocalDateTime start) => unit switch
    {
        UsageReset.Month => start.PlusMonths(count),
        UsageReset.Week => start.PlusWeeks(count),
        _ => start.PlusDays(count),
    };
}
