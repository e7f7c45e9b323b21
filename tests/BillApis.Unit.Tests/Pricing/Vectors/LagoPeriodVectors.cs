using BillApis.Pricing;
using BillApis.Tests.Vectors;
using NodaTime;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>Lago's periods: whole local days, the running one in advance and the previous one in arrears.</summary>
internal static class LagoPeriodVectors
{
    public static string? Run(Vector vector)
    {
        var zone = BillingDateVectors.Zone(vector);
        var asOf = BillingDateVectors.At(vector.Inputs["as_of"]);
        var started = BillingDateVectors.Midnight(BillingDateVectors.At(vector.Inputs["started_at"]), zone);
        var schedule = Schedule(vector, zone);
        var current = schedule.PeriodAt(schedule.IndexAt(asOf));
        var previous = schedule.PeriodAt(schedule.IndexAt(asOf) - 1);
        var ended = vector.Inputs.ContainsKey("terminated_at") ? BillingDateVectors.At(vector.Inputs["terminated_at"]) : (Instant?)null;
        var billed = Vector.Text(vector.Inputs["term"]) is "arrears" && ended is null ? previous : current;
        if (vector.Category is "period_length")
        {
            return PeriodLength(vector, zone, schedule, billed);
        }

        return BillingDateVectors.Instants(
            vector,
            ("billed_start", Instant.Max(billed.Start, started)),
            ("billed_end", ended ?? billed.End),
            ("current_start", current.Start),
            ("current_end", current.End),
            ("previous_start", previous.Start));
    }

    private static string? PeriodLength(Vector vector, DateTimeZone zone, BillingSchedule schedule, BillingPeriod billed)
    {
        var of = vector.Inputs.ContainsKey("period_of") ? schedule.PeriodAt(schedule.IndexAt(BillingDateVectors.At(vector.Inputs["period_of"]))) : billed;
        var found = new Differences(vector.Expected);
        found.Compare("period_days", Period.DaysBetween(of.FullStart.InZone(zone).Date, of.FullEnd.InZone(zone).Date));
        return found.Report();
    }

    private static BillingSchedule Schedule(Vector vector, DateTimeZone zone)
    {
        var anchor = BillingDateVectors.Midnight(BillingDateVectors.At(vector.Inputs["anchor"]), zone);
        var grid = BillingDateVectors.Grid(vector, anchor);
        return Vector.Text(vector.Inputs["anchoring"]) is "calendar" ? grid with { Anchor = BillingAnchor.Calendar } : grid;
    }
}
