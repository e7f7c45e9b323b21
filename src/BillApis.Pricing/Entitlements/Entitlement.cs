using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>What a plan, or an exception for one customer, grants of a feature.</summary>
/// <param name="Feature">The feature.</param>
/// <param name="Type">Whether it is a switch, a fixed value or a quota.</param>
public sealed record Entitlement(FeatureId Feature, EntitlementType Type)
{
    /// <summary>Whether a switch is on.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The fixed number, or the quota of each window; null for a text, and for a quota without end.</summary>
    public decimal? Limit { get; init; }

    /// <summary>The fixed text.</summary>
    public string? Text { get; init; }

    /// <summary>When a quota begins anew.</summary>
    public UsageReset Reset { get; init; } = UsageReset.Period;

    /// <summary>How many units of <see cref="Reset"/> a window lasts that opens with its use.</summary>
    public int ResetCount { get; init; } = 1;

    /// <summary>What a window begins with.</summary>
    public WindowOpening Opens { get; init; }

    /// <summary>What becomes of use beyond a quota.</summary>
    public Overage Overage { get; init; } = Overage.Block;

    /// <summary>Refuses a list that grants a feature twice, or a member of it that breaks a rule.</summary>
    internal static void Validate(ImmutableArray<Entitlement> granted)
    {
        Check.Range("entitlements", granted.Length, 0, Limits.ItemsPerPlan);
        for (var i = 0; i < granted.Length; i++)
        {
            granted[i].Validate($"entitlements[{i}].");
            if (granted.Take(i).Any(other => other.Feature == granted[i].Feature))
            {
                throw BillingException.Field($"entitlements[{i}].feature_id", "repeats a feature; it is granted once");
            }
        }
    }

    /// <summary>Refuses what does not belong to the type; the message names the field under a path.</summary>
    /// <exception cref="BillingException">A field is missing, is not for this type or is out of its range.</exception>
    public void Validate(string path = "")
    {
        if (Limit is { } limit)
        {
            Check.Range($"{path}limit", limit, 0, Limits.Magnitude);
        }

        Check.Text($"{path}value", Text, Limits.PropertyLength);
        if (Type is EntitlementType.Boolean && (Limit is not null || Text is not null))
        {
            throw BillingException.Field($"{path}value", "must be true or false for a boolean entitlement");
        }

        if (Type is EntitlementType.Static && (Limit is null) == (Text is null))
        {
            throw BillingException.Field($"{path}value", "must be a number or a text for a static entitlement");
        }

        if (Type is EntitlementType.Metered && Text is not null)
        {
            throw BillingException.Field($"{path}limit", "must be a number, or absent for no limit");
        }

        ValidateWindow(path);
        if (Type is not EntitlementType.Metered && (Reset, Overage) is not (UsageReset.Period, Overage.Block))
        {
            throw BillingException.Field($"{path}{(Reset is UsageReset.Period ? "overage" : "reset")}", "is only for metered entitlements");
        }
    }

    private void ValidateWindow(string path)
    {
        Check.Range($"{path}reset_count", ResetCount, 1, BillingInterval.LongestCount(IntervalUnit.Day));
        if (Opens is WindowOpening.Calendar ? ResetCount != 1 : Reset is UsageReset.Period or UsageReset.Never)
        {
            throw BillingException.Field($"{path}{(Opens is WindowOpening.Calendar ? "reset_count" : "opens")}", "is for windows of hours, days, weeks or months that open with their use");
        }
    }
}

/// <summary>What kind of promise an entitlement is.</summary>
public enum EntitlementType
{
    /// <summary>A switch, on or off.</summary>
    Boolean,

    /// <summary>A fixed value: a number that a request must not exceed, or a text.</summary>
    Static,

    /// <summary>A quota that use counts against.</summary>
    Metered,
}

/// <summary>When a quota begins anew.</summary>
public enum UsageReset
{
    /// <summary>With each period of the subscription; with each month where there is none.</summary>
    Period,

    /// <summary>With each day of the customer's zone.</summary>
    Day,

    /// <summary>With each month of the customer's zone.</summary>
    Month,

    /// <summary>Never.</summary>
    Never,

    /// <summary>With each hour of the customer's zone.</summary>
    Hour,

    /// <summary>With each Monday of the customer's zone.</summary>
    Week,
}

/// <summary>What a window of a quota begins with.</summary>
public enum WindowOpening
{
    /// <summary>The calendar, or the subscription's period: one window follows the other.</summary>
    Calendar,

    /// <summary>The first use after the window before, from the beginning of the hour, day, week or month that it is in; within one period.</summary>
    UnitStart,

    /// <summary>The very instant of the first use after the window before; within one period.</summary>
    FirstUsage,
}

/// <summary>What becomes of use beyond a quota.</summary>
public enum Overage
{
    /// <summary>It is refused.</summary>
    Block,

    /// <summary>It is allowed, and billed as its price says.</summary>
    Allow,
}
