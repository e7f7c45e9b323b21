using System.Text.Json.Nodes;
using BillApis.Pricing;
using BillApis.Tests.Vectors;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>Asks the proration factor, the schedule and the rating what the peers ask theirs.</summary>
internal static class ProrationVectors
{
    public static string? Run(Vector vector) => vector.Category switch
    {
        "billed_cycles" => BilledCycles(vector),
        "subscription_fee" => SubscriptionFee(vector),
        "advance_upgrade" => AdvanceUpgrade(vector),
        "terminate_same_day" => TerminateSameDay(vector),
        "prorated_amount" => ProratedAmount(vector),
        "proration_factor" => Factor(vector),
        "prorated_usage" => ProratedUsage(vector),
        "days_between" => DaysBetween(vector),
        "refund_from" => RefundFrom(vector),
        _ => ChangeVectors.Run(vector),
    };

    public static Instant Day(JsonNode? date) => Vector.Text(date) is { Length: > 10 } instant
        ? InstantPattern.ExtendedIso.Parse(instant).Value
        : LocalDatePattern.Iso.Parse(Vector.Text(date)!).Value.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();

    public static Interval Span(Vector vector, string start, string end) => new(Day(vector.Inputs[start]), Day(vector.Inputs[end]));

    public static ProrationFactor Of(Vector vector, Interval service, Interval full) =>
        ProrationFactor.Of(Vector.Text(vector.Inputs["basis"]) is "seconds" ? BillApis.Pricing.Proration.BySecond : BillApis.Pricing.Proration.ByDay, service, full, DateTimeZone.Utc);

    public static Money Round(Vector vector, decimal amount) => Money.Round(amount, Currency.Parse((int)vector.Of("scale", 2) switch { 0 => "JPY", 2 => "USD", _ => "KWD" }));

    // In advance: each period that begins by the target, cut at the end.
    private static string? BilledCycles(Vector vector)
    {
        var (start, target) = (Day(vector.Inputs["start"]), Day(vector.Inputs["target"]));
        var end = vector.Inputs.ContainsKey("end") ? Day(vector.Inputs["end"]) : Instant.MaxValue;
        var schedule = new BillingSchedule(DateTimeZone.Utc, start, BillingAnchor.OnDay((int)vector.Of("billing_day")), BillingDateVectors.Interval(vector));
        var found = new Differences(vector.Expected);
        found.CompareText("error", end < start || target < start ? "invalid_date_sequence" : null);
        var cycles = 0m;
        for (var period = schedule.PeriodAt(0); period.Start <= target && period.Start < end; period = schedule.PeriodAt(schedule.IndexAt(period.End)))
        {
            var factor = ProrationFactor.Of(BillApis.Pricing.Proration.ByDay, new(period.Start, Instant.Min(period.End, end)), new(period.FullStart, period.FullEnd), DateTimeZone.Utc);
            cycles += Math.Round(factor.Apply(1), (int)vector.Of("ratio_scale"), MidpointRounding.AwayFromZero);
        }

        found.Compare("cycles", cycles);
        return found.Report();
    }

    // Lago bills the day of a start and of a termination; the day of an upgrade belongs to the new plan.
    private static string? SubscriptionFee(Vector vector)
    {
        var full = Span(vector, "period_start", "period_end");
        var start = vector.Inputs.ContainsKey("started_on") ? Instant.Max(full.Start, Day(vector.Inputs["started_on"])) : full.Start;
        start = vector.Inputs.ContainsKey("trial_start") ? Instant.Max(start, Day(vector.Inputs["trial_start"]) + Duration.FromDays((int)vector.Of("trial_days"))) : start;
        var end = vector.Inputs.ContainsKey("ended_on") ? Day(vector.Inputs["ended_on"]) + Duration.FromDays(Vector.Text(vector.Inputs["ended_by"]) is "upgrade" ? 0 : 1) : full.End;
        var factor = start < end ? Of(vector, new(start, end), full) : new ProrationFactor(0, 1);
        var amount = factor.Apply(vector.Of("amount"));
        var found = new Differences(vector.Expected);
        found.Compare("days_billed", factor.Apply(vector.Of("full_days")));
        // The peer's precise amount is a binary float; beyond 15 digits it is noise.
        var precise = Vector.Number(vector.Expected["precise_amount"]) ?? amount;
        found.Compare("precise_amount", Math.Abs(precise - amount) < 0.000_000_000_000_001m ? precise : amount);
        found.Compare("amount", Round(vector, amount).Amount);
        return found.Report();
    }

    private static string? AdvanceUpgrade(Vector vector)
    {
        var full = Span(vector, "period_start", "period_end");
        var left = Of(vector, new(Day(vector.Inputs["change_on"]), full.End), full);
        var billed = Round(vector, vector.Of("old_amount"));
        var credit = PeriodParts.UnusedCredit(vector.Of("old_amount"), left, billed, Money.Zero(billed.Currency)).Amount;
        var found = new Differences(vector.Expected);
        found.Compare("new_fee", Round(vector, left.Apply(vector.Of("new_amount"))).Amount);
        found.Compare("old_credit_with_tax", Round(vector, credit * (1 + (vector.Of("tax_percent") / 100m))).Amount);
        return found.Report();
    }

    private static string? TerminateSameDay(Vector vector)
    {
        var (full, at, tax) = (Span(vector, "period_start", "period_end"), Day(vector.Inputs["started_and_terminated_at"]), vector.Of("tax_percent") / 100m);
        var billed = Round(vector, Of(vector, new(at, full.End), full).Apply(vector.Of("amount")));
        var credit = PeriodParts.UnusedCredit(vector.Of("amount"), Of(vector, new(at + Duration.FromDays(1), full.End), full), billed, Money.Zero(billed.Currency)).Amount;
        var creditTax = Round(vector, credit * tax).Amount;
        var found = new Differences(vector.Expected);
        found.Compare("invoice_total", billed.Amount + Round(vector, billed.Amount * tax).Amount);
        found.Compare("credit_excl_tax", credit);
        found.Compare("credit_tax", creditTax);
        found.Compare("credit_total", credit + creditTax);
        return found.Report();
    }

    private static string? ProratedAmount(Vector vector)
    {
        var (full, service) = (Span(vector, "full_start", "full_end"), Span(vector, "service_start", "service_end"));
        var keepsEmpty = Vector.Text(vector.Inputs["degenerate"]) is "full" && service.Duration == Duration.Zero;
        var factor = keepsEmpty ? ProrationFactor.Whole : Of(vector, service, full);
        var found = new Differences(vector.Expected);
        found.Compare("amount", Round(vector, factor.Apply(vector.Of("amount"))).Amount);
        return found.Report();
    }

    private static string? Factor(Vector vector)
    {
        var factor = Of(vector, Span(vector, "service_start", "service_end"), Span(vector, "full_start", "full_end"));
        var found = new Differences(vector.Expected, "factor");

        // A peer's fraction need not be in lowest terms; none is a whole period.
        decimal[] wanted = [.. (Vector.Text(vector.Expected["factor"]) ?? "1").Split('/').Select(part => Vector.Number(part)!.Value)];
        found.Add(wanted[0] * factor.Denominator == (wanted.Length > 1 ? wanted[1] : 1) * factor.Numerator ? null : $"factor: expected {vector.Expected["factor"] ?? "null"}, got {factor}");
        return found.Report();
    }

    // Each unit is paid from its own day; a unit that goes is not paid any more from its day, or the day after for unique counts.
    private static string? ProratedUsage(Vector vector)
    {
        var full = Span(vector, "period_start", "period_end");
        var served = vector.Inputs.ContainsKey("served_start") ? Span(vector, "served_start", "served_end") : full;
        var unique = Vector.Text(vector.Inputs["aggregation"]) is "unique_count";
        var events = new List<RatingEvent> { Event(vector.Of("carried_units"), Of(vector, served, full)) };
        foreach (var change in vector.Inputs["changes"]!.AsArray())
        {
            var units = Vector.Number(change!["units"])!.Value;
            var from = Day(change["on"]) + Duration.FromDays(units < 0 && unique ? 1 : 0);
            events.Add(Event(units, Of(vector, new(Instant.Min(from, served.End), served.End), full)));
        }

        var price = new JsonObject { ["model"] = "graduated", ["tiers"] = vector.Inputs["tiers"]!.DeepClone() };
        var rated = Rating.Rate(PeerPrice.Terms(price, vector.Peer), RatingInput.Of([.. events]));
        var found = new Differences(vector.Expected);
        found.Compare("amount", Round(vector, rated.Amount).Amount);
        found.Compare("units", rated.Input.Quantity);
        return found.Report();
    }

    private static RatingEvent Event(decimal units, ProrationFactor part) =>
        new(0, units, System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty) { ProratedQuantity = part.Apply(units) };

    private static string? DaysBetween(Vector vector)
    {
        var zone = DateTimeZoneProviders.Tzdb[Vector.Text(vector.Inputs["time_zone"])!];
        var span = Span(vector, "start", "end");
        var wide = new Interval(span.Start, span.End + Duration.FromDays(400));
        var days = ProrationFactor.Of(BillApis.Pricing.Proration.ByDay, span, wide, zone).Apply(Period.DaysBetween(wide.Start.InZone(zone).Date, wide.End.InZone(zone).Date));
        var found = new Differences(vector.Expected);
        found.Compare("days", days);
        return found.Report();
    }

    private static string? RefundFrom(Vector vector)
    {
        var full = Span(vector, "period_start", "period_end");
        var resets = new BillingSchedule(DateTimeZone.Utc, full.Start, BillingAnchor.Subscription, new(IntervalUnit.Month, (int)vector.Of("allowance_months")));
        var from = resets.NextBoundary(Day(vector.Inputs["now"]) - Duration.Epsilon);
        var found = new Differences(vector.Expected);
        found.CompareText("refund_from", from < full.End ? LocalDatePattern.Iso.Format(from.InUtc().Date) : null);
        return found.Report();
    }
}
