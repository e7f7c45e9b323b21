using System.Collections.Immutable;
using System.Text.Json.Nodes;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using BillApis.Tests.Vectors;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>Asks the burning of units what OpenMeter asks its credit engine.</summary>
internal static class UnitVectors
{
    public static string? Run(Vector vector) => vector.Category is "credit_run" ? Balance(vector) : History(vector);

    private static string? Balance(Vector vector)
    {
        var (burn, from, until) = (BurnOf(vector), CreditVectors.At(vector.Inputs["start"]), CreditVectors.At(vector.Inputs["until"]));
        var balance = burn.Run(StartOf(vector), from, UsageOf(vector), until);
        var starts = burn.ChangesBetween(from, until).Prepend(from).ToList();
        var found = new Differences(vector.Expected, "balances");
        found.Compare("overage", balance.Overage);
        found.Compare("usage", balance.Usage);
        found.Compare("granted_used", balance.Covered);
        found.Compare("total_balance", balance.Total);
        found.Compare("segments", starts.Count);
        found.Compare("segment_starts", (expected, report) =>
        {
            if (!expected.Select(CreditVectors.At).SequenceEqual(starts))
            {
                report($"segments start at {string.Join(", ", starts)}");
            }
        });
        foreach (var (id, expected) in vector.Expected["balances"]?.AsObject() ?? [])
        {
            var left = balance.Left.GetValueOrDefault(id);
            found.Add(left == Vector.Number(expected) ? null : $"balance of {id}: got {left}");
        }

        return found.Report();
    }

    private static string? History(Vector vector)
    {
        var (burn, from) = (BurnOf(vector), CreditVectors.At(vector.Inputs["start"]));
        var length = Vector.Text(vector.Inputs["window"]) switch { "minute" => Duration.FromMinutes(1), "day" => Duration.FromDays(1), _ => Duration.FromHours(1) };
        var found = new Differences(vector.Expected);
        found.Compare("windows", (expected, report) =>
        {
            foreach (var window in expected)
            {
                var start = CreditVectors.At(window!["start"]);
                var balance = burn.Run(StartOf(vector), from, UsageOf(vector), start).Total;
                var usage = UsageOf(vector).Where(use => use.At >= start && use.At < start + length).Sum(use => use.Amount);
                if (balance != Vector.Number(window["balance_at_start"]) || usage != (Vector.Number(window["usage"]) ?? usage))
                {
                    report($"at {start}: {balance}, {usage}");
                }
            }
        });
        return found.Report();
    }

    // What is counted in other units comes to those of the grant by the metric's expression.
    public static string? Converted(Vector vector)
    {
        var granted = new[] { "amount", "granted", "allowance", "balance" }.Select(name => Vector.Number(vector.Inputs[name])).First(amount => amount is not null)!.Value;
        var found = new Differences(vector.Expected);
        found.Add(UsageExpression.Parse("usage_raw / divide_by").TryEvaluate(property => vector.Of(property), out var used, out var problem) ? null : problem);
        var at = Instant.FromUtc(2026, 1, 1, 0, 0);
        var balance = new UnitBurn([new UnitGrant("granted", granted, new GrantPeriod(at))], []).Run(new UnitBalance(), at - Duration.FromHours(1), [new UnitUsage(at, used)], at + Duration.FromHours(1));
        found.Compare("balance", balance.Total);
        found.Compare("total_balance", balance.Total);
        found.Compare("usage", balance.Usage);
        found.Compare("overage", balance.Overage);
        return found.Report();
    }

    private static UnitBurn BurnOf(Vector vector) => new(
        [.. vector.Inputs["grants"]!.AsArray().Select(grant => Grant(grant!))],
        [.. (vector.Inputs["resets"]?.AsArray() ?? []).Select(CreditVectors.At)],
        Vector.Text(vector.Inputs["preserve_overage"]) is "true");

    private static UnitGrant Grant(JsonNode grant) => new(Vector.Text(grant["id"])!, Vector.Number(grant["amount"])!.Value, CreditVectors.PeriodOf(grant), (int)Vector.Number(grant["priority"])!.Value)
    {
        Every = grant["recurs"] is { } recurs ? Interval(Vector.Text(recurs["every"])!) : null,
        Anchor = grant["recurs"]?["anchor"] is { } anchor ? CreditVectors.At(anchor) : null,
        RolloverMin = Vector.Number(grant["min_rollover"]) ?? 0,
        RolloverMax = Vector.Number(grant["max_rollover"]) ?? 0,
    };

    private static BillingInterval Interval(string iso) =>
        new(iso[^1] switch { 'D' => IntervalUnit.Day, 'W' => IntervalUnit.Week, 'M' => IntervalUnit.Month, _ => IntervalUnit.Year }, int.Parse(iso[1..^1], System.Globalization.CultureInfo.InvariantCulture));

    private static UnitBalance StartOf(Vector vector) => new()
    {
        Left = vector.Inputs["balances"]!.AsObject().ToImmutableSortedDictionary(item => item.Key, item => Vector.Number(item.Value)!.Value),
        Overage = vector.Of("overage"),
        Usage = vector.Of("usage_before"),
    };

    // Of a level that the last event tells, nothing else was used.
    private static List<UnitUsage> UsageOf(Vector vector) =>
        Vector.Text(vector.Inputs["aggregation"]) is "latest" ? [.. AllOf(vector).OrderBy(use => use.At).TakeLast(1)] : AllOf(vector);

    private static List<UnitUsage> AllOf(Vector vector) =>
        [.. vector.Inputs["usage"]!.AsArray().Select(use => new UnitUsage(CreditVectors.At(use!["at"]), Vector.Number(use["amount"])!.Value))];
}
