using NodaTime.Text;

namespace BillApis.AspNetCore;

/// <summary>What the caller is told whom a limit stops.</summary>
internal static class LimitFailure
{
    public static Failure Of(EntitlementCheck check, int status) => new(status, "LIM_001", Text(check)) { Details = [.. Details(check)] };

    private static IEnumerable<FieldError> Details(EntitlementCheck check)
    {
        if (check.Limit is { } limit)
        {
            yield return new FieldError("limit", Exact.Format(limit));
        }

        if (check.Used is { } used)
        {
            yield return new FieldError("used", Exact.Format(used));
        }

        if (check.Remaining is { } remaining)
        {
            yield return new FieldError("remaining", Exact.Format(remaining));
        }

        if (check.ResetsAt is { } reset)
        {
            yield return new FieldError("resets_at", InstantPattern.ExtendedIso.Format(reset));
        }
    }

    private static string Text(EntitlementCheck check) => check.Reason switch
    {
        EntitlementReason.NotEntitled => "The customer is not entitled to this feature.",
        EntitlementReason.SpendLimit => check.Limit is { } most ? $"The customer's spend limit of {Exact.Format(most)} has no room for it; {Exact.Format(check.Used ?? 0)} is spent or set aside." : "The customer has reached its spend limit.",
        _ => $"The quota of {Exact.Format(check.Limit ?? 0)} has no room for it; {Exact.Format(check.Used ?? 0)} is used or set aside{(check.ResetsAt is { } reset ? $", and it begins anew at {reset}" : "")}.",
    };
}
