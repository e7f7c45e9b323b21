namespace BillApis.AspNetCore;

/// <summary>What the caller is told whom a limit stops.</summary>
internal static class LimitFailure
{
    public static Failure Of(EntitlementCheck check, int status) => new(status, "LIM_001", Text(check));

    private static string Text(EntitlementCheck check) => check.Reason switch
    {
        EntitlementReason.NotEntitled => "The customer is not entitled to this feature.",
        EntitlementReason.SpendLimit => check.Limit is { } most ? $"The customer's spend limit of {Exact.Format(most)} has no room for it; {Exact.Format(check.Used ?? 0)} is spent or set aside." : "The customer has reached its spend limit.",
        _ => $"The quota of {Exact.Format(check.Limit ?? 0)} has no room for it; {Exact.Format(check.Used ?? 0)} is used or set aside{(check.ResetsAt is { } reset ? $", and it begins anew at {reset}" : "")}.",
    };
}
