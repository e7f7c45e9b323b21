using System.Text.Json.Nodes;
using BillApis.Pricing;
using BillApis.Tests.Vectors;
using NodaTime;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>Changes within a period: credits for what is not used any more, charges for what is from now on.</summary>
internal static class ChangeVectors
{
    public static string? Run(Vector vector) => vector.Category switch
    {
        "plan_change" => PlanChange(vector),
        "seat_change" => SeatChange(vector),
        "components_change" => Components(vector),
        "item_change" => Items(vector),
        "line_item_change" => LineItem(vector),
        "credit_grant" => CreditGrant(vector),
        "credit_cap" => CreditCap(vector),
        "net_lines" => NetLines(vector),
        "change_direction" => Direction(vector),
        _ => "no such category",
    };

    private static ProrationFactor Left(Vector vector, string change)
    {
        var full = ProrationVectors.Span(vector, "period_start", "period_end");
        var from = Instant.Max(full.Start, ProrationVectors.Day(vector.Inputs[change]));
        return from < full.End ? ProrationVectors.Of(vector, new(from, full.End), full) : new(0, 1);
    }

    private static string? PlanChange(Vector vector)
    {
        var left = Left(vector, "change_at");
        var billed = ProrationVectors.Round(vector, vector.Of("old_amount"));
        var charge = Vector.Text(vector.Inputs["cycle"]) is "restarts" ? ProrationFactor.Whole : left;
        var found = new Differences(vector.Expected);
        found.Compare("credit", PeriodParts.UnusedCredit(billed.Amount, left, billed, Money.Zero(billed.Currency)).Amount);
        found.Compare("charge", ProrationVectors.Round(vector, charge.Apply(vector.Of("new_amount"))).Amount);
        return found.Report();
    }

    private static string? SeatChange(Vector vector)
    {
        var (seats, ratio) = (vector.Of("seats_after") - vector.Of("seats_before"), vector.Of("remaining_ratio"));
        var left = new ProrationFactor((long)Exact.Unscaled(ratio), (long)Math.Pow(10, ratio.Scale));
        var discount = vector.Inputs["discount"] is { } given ? Vector.Number(given["percent"]) ?? throw new FormatException("a fixed discount") : 0;
        var found = new Differences(vector.Expected);
        found.Compare("charge", ProrationVectors.Round(vector, left.Apply(seats * vector.Of("seat_amount")) * (1 - (discount / 100m))).Amount);
        return found.Report();
    }

    private static string? Components(Vector vector)
    {
        var (full, left) = (ProrationVectors.Span(vector, "period_start", "period_end"), Left(vector, "change_on"));
        var lines = new List<decimal>();
        foreach (var component in vector.Inputs["components"]!.AsArray())
        {
            var own = Vector.Number(component!["own_period_days"]) is { } days ? new ProrationFactor(left.Numerator * full.Duration.Days, left.Denominator * (long)days) : left;
            var part = Vector.Text(component["kind"]) switch { "one_time" => ProrationFactor.Whole, "usage" => new(0, 1), _ => own };
            lines.Add(-ProrationVectors.Round(vector, part.Apply(Vector.Number(component["old_amount"]) ?? 0)).Amount);
            lines.Add(ProrationVectors.Round(vector, part.Apply(Vector.Number(component["new_amount"]) ?? 0)).Amount);
        }

        lines.RemoveAll(line => line == 0);
        var found = new Differences(vector.Expected);
        found.Compare("lines", (wanted, report) => Same(wanted, lines, report));
        found.Compare("net", lines.Sum());
        return found.Report();
    }

    // Flexprice's period ends with its last day, which counts, as does the day of the change.
    private static string? Items(Vector vector)
    {
        var full = new Interval(ProrationVectors.Day(vector.Inputs["period_start"]), ProrationVectors.Day(vector.Inputs["period_last_day"]) + Duration.FromDays(1));
        var left = ProrationVectors.Of(vector, new(ProrationVectors.Day(vector.Inputs["change_on"]), full.End), full);
        var (old, next) = (Amount(vector.Inputs["old"]), Amount(vector.Inputs["new"]));
        var billed = ProrationVectors.Round(vector, vector.Of("originally_paid", old ?? 0));
        var credit = old is { } amount ? -PeriodParts.UnusedCredit(amount, left, billed, Money.Zero(billed.Currency)).Amount : (decimal?)null;
        var charge = next is { } price ? ProrationVectors.Round(vector, left.Apply(price)).Amount : (decimal?)null;
        var found = new Differences(vector.Expected);
        found.Compare("credit", credit);
        found.Compare("charge", charge);
        found.Compare("net", (credit ?? 0) + (charge ?? 0));
        return found.Report();
    }

    private static decimal? Amount(JsonNode? item) => item is null ? null : Vector.Number(item["quantity"]) * Vector.Number(item["unit_amount"]);

    private static string? LineItem(Vector vector)
    {
        var amount = ProrationVectors.Round(vector, Left(vector, "change_at").Apply(vector.Of("amount"))).Amount;
        var found = new Differences(vector.Expected);
        found.Compare(Vector.Text(vector.Inputs["action"]) is "remove" ? "credit" : "charge", amount);
        return found.Report();
    }

    private static string? CreditGrant(Vector vector)
    {
        var left = Left(vector, "granted_at");
        var found = new Differences(vector.Expected);
        found.Compare("credits", Math.Round(left.Apply(vector.Of("credits")), (int)vector.Of("scale"), MidpointRounding.AwayFromZero));
        found.Compare("ratio", Math.Round(left.Apply(1), 16, MidpointRounding.AwayFromZero));
        return found.Report();
    }

    private static string? CreditCap(Vector vector)
    {
        var found = new Differences(vector.Expected);
        found.Compare("credit", PeriodParts.UnusedCredit(vector.Of("credit"), ProrationFactor.Whole, ProrationVectors.Round(vector, vector.Of("paid")), ProrationVectors.Round(vector, vector.Of("already_credited"))).Amount);
        return found.Report();
    }

    // Lines of one component are one line; nothing is no line.
    private static string? NetLines(Vector vector)
    {
        var lines = vector.Inputs["lines"]!.AsArray()
            .Select((line, i) => (Key: Vector.Text(line!["component"]) ?? $"#{i}", Amount: Vector.Number(line["amount"])!.Value))
            .GroupBy(line => line.Key, line => line.Amount)
            .Select(group => group.Sum())
            .Where(amount => amount != 0)
            .ToList();
        var found = new Differences(vector.Expected);
        found.Compare("lines", (wanted, report) => Same(wanted, lines, report));
        return found.Report();
    }

    private static string? Direction(Vector vector)
    {
        var found = new Differences(vector.Expected);
        found.CompareText("direction", Sum(vector.Inputs["new_amounts"]) < Sum(vector.Inputs["old_amounts"]) ? "downgrade" : "upgrade");
        return found.Report();
    }

    private static decimal Sum(JsonNode? amounts) => amounts!.AsArray().Sum(amount => Vector.Number(amount)!.Value);

    private static void Same(JsonArray wanted, List<decimal> lines, Action<string> report)
    {
        if (!wanted.Select(Vector.Number).SequenceEqual(lines.Cast<decimal?>()))
        {
            report($"lines: expected {wanted.ToJsonString()}, got {string.Join(", ", lines)}");
        }
    }
}
