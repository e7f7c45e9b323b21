using System.Text.Json.Nodes;
using BillApis.Pricing;
using BillApis.Tests.Vectors;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>Asks the schedule what the peers ask theirs.</summary>
internal static class BillingDateVectors
{
    private static readonly Duration Far = Duration.FromDays(40 * 366);

    public static string? Run(Vector vector) => vector.Category switch
    {
        "billed_period" or "current_period" or "period_length" => LagoPeriodVectors.Run(vector),
        "next_period_end" => NextPeriodEnd(vector),
        "next_boundary" => Boundary(vector, "after", after: true),
        "previous_boundary" => Boundary(vector, "before", after: false),
        "containing_period" or "cycle_start" or "cycle_end" => Containing(vector),
        "billing_day_period" => BillingDayPeriod(vector),
        "first_cycle_date" => Dates(vector, "first_cycle_date", First(OnDay(vector, "start"))),
        "bill_cycle_day" => BillCycleDay(vector),
        "align_day" => AlignDay(vector),
        "floor" => Floor(vector),
        "add_days" => AddDays(vector),
        _ => "no such category",
    };

    /// <summary>A grid of boundaries through an instant, reaching far back.</summary>
    public static BillingSchedule Grid(Vector vector, Instant anchor, int? count = null) =>
        new(Zone(vector), anchor - Far, BillingAnchor.At(anchor), Interval(vector, count));

    public static DateTimeZone Zone(Vector vector) => DateTimeZoneProviders.Tzdb[Vector.Text(vector.Inputs["time_zone"]) ?? "UTC"];

    public static Instant At(JsonNode? node) => InstantPattern.ExtendedIso.Parse(Vector.Text(node)!).Value;

    public static BillingInterval Interval(Vector vector, int? count = null) => new(
        Vector.Text(vector.Inputs["interval"]) switch
        {
            "daily" => IntervalUnit.Day,
            "weekly" => IntervalUnit.Week,
            "monthly" => IntervalUnit.Month,
            "quarterly" => IntervalUnit.Quarter,
            "semiannual" => IntervalUnit.HalfYear,
            "yearly" => IntervalUnit.Year,
            var other => throw new FormatException($"there is no interval {other}"),
        },
        count ?? (int)vector.Of("count", 1));

    public static Instant Midnight(Instant at, DateTimeZone zone) => zone.AtStartOfDay(at.InZone(zone).Date).ToInstant();

    // Flexprice counts single intervals, from the day after the current period began.
    private static string? NextPeriodEnd(Vector vector)
    {
        var (zone, start) = (Zone(vector), At(vector.Inputs["current_start"]));
        var schedule = Vector.Text(vector.Inputs["anchoring"]) is "calendar"
            ? new BillingSchedule(zone, start, BillingAnchor.Calendar, Interval(vector, 1))
            : Grid(vector, At(vector.Inputs["anchor"]), 1);
        var next = zone.AtStartOfDay(start.InZone(zone).Date.PlusDays(1)).ToInstant() - Duration.Epsilon;
        for (var i = 0; i < vector.Of("count", 1); i++)
        {
            next = schedule.NextBoundary(next);
        }

        var end = vector.Inputs.ContainsKey("end_date") ? Instant.Min(next, At(vector.Inputs["end_date"])) : next;
        return Instants(vector, ("next", end));
    }

    private static string? Boundary(Vector vector, string given, bool after)
    {
        var at = At(vector.Inputs[given]);
        var strict = vector.Inputs["strict"]!.GetValue<bool>();
        var boundary = after ? PeriodAt(vector, strict ? at : at - Duration.Epsilon).End : PeriodAt(vector, strict ? at - Duration.Epsilon : at).Start;
        boundary = vector.Inputs.ContainsKey("not_after") ? Instant.Min(boundary, At(vector.Inputs["not_after"])) : boundary;
        return Instants(vector, ("boundary", boundary));
    }

    private static string? Containing(Vector vector)
    {
        var period = PeriodAt(vector, At(vector.Inputs["at"]));
        if (vector.Category is "containing_period")
        {
            return Instants(vector, ("start", period.Start), ("end", period.End));
        }

        var asked = vector.Category is "cycle_start" ? period.Start : period.End;
        asked = vector.Inputs.ContainsKey("not_before") ? Instant.Max(asked, At(vector.Inputs["not_before"])) : asked;
        var local = asked.InZone(Zone(vector)).LocalDateTime;
        var parts = new Differences(vector.Expected["local_parts"]!.AsObject());
        parts.Compare("year", local.Year);
        parts.Compare("month", local.Month);
        parts.Compare("day", local.Day);
        parts.Compare("hour", local.Hour);
        parts.Compare("minute", local.Minute);
        parts.Compare("second", local.Second);
        return parts.Report();
    }

    private static Interval PeriodAt(Vector vector, Instant at)
    {
        var anchor = At(vector.Inputs["anchor"]);
        if (Vector.Text(vector.Inputs["interval"]) is "hourly")
        {
            return Hours(vector, anchor, at);
        }

        var schedule = Grid(vector, vector.Inputs["at_midnight"]?.GetValue<bool>() is true ? Midnight(anchor, Zone(vector)) : anchor);
        var period = schedule.PeriodAt(schedule.IndexAt(at));
        return new(period.Start, period.End);
    }

    // Hours are no periods of invoices but windows of quotas; of one that is used all the time, they follow one another.
    private static Interval Hours(Vector vector, Instant anchor, Instant at)
    {
        var count = (int)vector.Of("count", 1);
        var period = new Interval(anchor - Duration.FromHours(count * Math.Max(0, (int)Math.Ceiling((anchor - at).TotalHours / count))), at + Far);
        var terms = new Entitlement(default, EntitlementType.Metered) { Reset = UsageReset.Hour, ResetCount = count, Opens = WindowOpening.FirstUsage };
        var window = OpenedWindow.Of(terms, period, Zone(vector), period.Start, null)!.Value;
        while (window.End <= at)
        {
            window = OpenedWindow.Of(terms, period, Zone(vector), window.End, window.End)!.Value;
        }

        return window;
    }

    private static string? BillingDayPeriod(Vector vector)
    {
        var schedule = OnDay(vector, "start");
        var ended = vector.Inputs.ContainsKey("ended_on") ? Day(vector.Inputs["ended_on"]) : (Instant?)null;
        var at = ended - Duration.Epsilon ?? (vector.Inputs.ContainsKey("target") ? Day(vector.Inputs["target"]) : schedule.Start);
        var index = schedule.IndexAt(Instant.Max(at, schedule.Start));
        if (vector.Expected.ContainsKey("elapsed_cycles"))
        {
            var cycles = new Differences(vector.Expected);
            cycles.Compare("elapsed_cycles", index);
            return cycles.Report();
        }

        var period = schedule.PeriodAt(index);
        return Dates(vector, "start", period.Start, "end", ended is { } end ? Instant.Min(end, period.End) : period.End);
    }

    private static string? BillCycleDay(Vector vector)
    {
        var found = new Differences(vector.Expected);
        found.Compare("bill_cycle_day", At(vector.Inputs["first_charge_at"]).InZone(Zone(vector)).Day);
        return found.Report();
    }

    private static string? AlignDay(Vector vector)
    {
        var date = Day(vector.Inputs["date"]);
        var month = date.InUtc().Date;
        var aligned = Vector.Text(vector.Inputs["mode"]) switch
        {
            "step" => new BillingSchedule(DateTimeZone.Utc, Day(vector.Inputs["original_date"]), BillingAnchor.Subscription, new(IntervalUnit.Day, (int)vector.Of("step_days"))).NextBoundary(date - Duration.Epsilon),
            "next" => First(new(DateTimeZone.Utc, date, BillingAnchor.OnDay((int)vector.Of("billing_day")), new(IntervalUnit.Month, 1))),
            _ => First(new(DateTimeZone.Utc, Instant.FromUtc(month.Year, month.Month, 1, 0, 0), BillingAnchor.OnDay((int)vector.Of("billing_day")), new(IntervalUnit.Month, 1))),
        };
        return Dates(vector, "date", aligned);
    }

    private static string? Floor(Vector vector)
    {
        var (at, zone, unit) = (At(vector.Inputs["instant"]), Zone(vector), Vector.Text(vector.Inputs["unit"]));
        if (unit is "hour")
        {
            var local = at.InZone(zone);
            return Instants(vector, ("start", at - Duration.FromTicks(local.TickOfDay % NodaConstants.TicksPerHour)));
        }

        var schedule = new BillingSchedule(zone, at - Far, BillingAnchor.Calendar, new(unit is "week" ? IntervalUnit.Week : IntervalUnit.Day, 1));
        return Instants(vector, ("start", schedule.PeriodAt(schedule.IndexAt(at)).Start));
    }

    // Days are periods of a row that reaches back, so that none and fewer than none can be added too.
    private static string? AddDays(Vector vector)
    {
        var at = At(vector.Inputs["instant"]);
        var days = new BillingSchedule(Zone(vector), at - Far, BillingAnchor.At(at), new(IntervalUnit.Day, 1));
        return Instants(vector, ("result", days.PeriodAt(days.IndexAt(at) + (int)vector.Of("days")).Start));
    }

    private static BillingSchedule OnDay(Vector vector, string start) =>
        new(DateTimeZone.Utc, Day(vector.Inputs[start]), BillingAnchor.OnDay((int)vector.Of("billing_day")), Interval(vector));

    private static Instant First(BillingSchedule schedule) => schedule.PeriodAt(0).IsStub ? schedule.PeriodAt(0).End : schedule.Start;

    private static Instant Day(JsonNode? date) => LocalDatePattern.Iso.Parse(Vector.Text(date)!).Value.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();

    private static string? Dates(Vector vector, string field, Instant value, string? second = null, Instant other = default)
    {
        var found = new Differences(vector.Expected);
        found.CompareText(field, LocalDatePattern.Iso.Format(value.InUtc().Date));
        if (second is not null)
        {
            found.CompareText(second, LocalDatePattern.Iso.Format(other.InUtc().Date));
        }

        return found.Report();
    }

    public static string? Instants(Vector vector, params (string Field, Instant Value)[] values)
    {
        var found = new Differences(vector.Expected);
        foreach (var (field, value) in values)
        {
            found.CompareText(field, InstantPattern.ExtendedIso.Format(value));
        }

        return found.Report();
    }
}
