using BillApis.Metering;
using BillApis.Pricing;
using BillApis.Tests.Vectors;
using BillApis.Unit.Tests.Invoicing.Vectors;
using NodaTime;

namespace BillApis.Unit.Tests.Entitlements;

/// <summary>Asks quotas what the peers ask their allowances.</summary>
internal static class AllowanceVectors
{
    public static string? Use(Vector vector)
    {
        var found = new Differences(vector.Expected);
        var (allowance, usage) = (vector.Of("allowance"), vector.Of("usage"));
        var check = EntitlementCheck.Of(new Entitlement(default, EntitlementType.Metered) { Limit = allowance }, usage, null, 0, false);
        found.Compare("overage", usage - (allowance - check.Remaining!.Value));
        found.CompareText("exhausted", check.Remaining == 0 ? "true" : "false");
        return found.Report();
    }

    public static string? Window(Vector vector)
    {
        Instant? At(string input) => vector.Inputs[input] is { } given ? CreditVectors.At(given) : null;
        var (period, zone, use) = (new Interval(At("cycle_start"), At("cycle_end")), DateTimeZoneProviders.Tzdb[Vector.Text(vector.Inputs["time_zone"])!], At("first_uncovered_usage"));
        var window = Vector.Text(vector.Inputs["opens"]) == "cycle"
            ? QuotaWindow.Of(UsageReset.Period, period, zone, use ?? period.Start)
            : OpenedWindow.Of(TermsOf(vector), period, zone, use, At("previous_window_end"));
        var found = new Differences(vector.Expected);
        found.CompareText("opens", window is null ? "false" : "true");
        found.CompareText("start", window?.Start.ToString());
        found.CompareText("end", window?.End.ToString());
        return found.Report();
    }

    private static Entitlement TermsOf(Vector vector) => new(default, EntitlementType.Metered)
    {
        Reset = Enum.Parse<UsageReset>(Vector.Text(vector.Inputs["unit"])!, ignoreCase: true), ResetCount = (int)vector.Of("count"),
        Opens = Vector.Text(vector.Inputs["opens"]) == "first_usage" ? WindowOpening.FirstUsage : WindowOpening.UnitStart,
    };

    // What was bought in packages is an add-on that is granted so often; the same plan taken several times grants so often too.
    public static string? Start(Vector vector)
    {
        var found = new Differences(vector.Expected);
        EntitlementSource[] sources = [Source(vector.Of("included"), vector.Of("plans", 1)), Source(vector.Of("package_size"), vector.Of("prepaid_packages"))];
        found.Compare("allowance", GrantedFeature.Allowance(sources)!.Value);
        return found.Report();
    }

    // Credits are what a metric counts by its expression; the rates and the markup are numbers in it.
    public static string? Cost(Vector vector)
    {
        string Number(string input) => Exact.Format(vector.Of(input));
        var expression = $"(input_units * {Number("input_rate_per_million")} + output_units * {Number("output_rate_per_million")}) / 1000000 * (100 + {Number("markup_percent")}) / 100";
        var found = new Differences(vector.Expected);
        var isCounted = UsageExpression.Parse(expression).TryEvaluate(property => vector.Of(property), out var credits, out var problem);
        found.Add(isCounted ? null : problem);
        found.Compare("credits", credits);
        return found.Report();
    }

    private static EntitlementSource Source(decimal limit, decimal quantity) =>
        new(new Entitlement(default, EntitlementType.Metered) { Limit = limit }, EntitlementOrigin.AddOn, "") { Quantity = quantity };
}
