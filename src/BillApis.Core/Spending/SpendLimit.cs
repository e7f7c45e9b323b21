using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis;

/// <summary>How much a customer may spend on usage in a calendar month, and what happens then.</summary>
public sealed record SpendLimit : IEntity<SpendLimit>
{
    private const decimal Whole = 100;

    /// <summary>The id.</summary>
    public required SpendLimitId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>Whose spend it is.</summary>
    public required CustomerId Customer { get; init; }

    /// <summary>Only what this subscription spends; null for all of the customer's in the currency.</summary>
    public SubscriptionId? Subscription { get; init; }

    /// <summary>The most in a month.</summary>
    public required Money Monthly { get; init; }

    /// <summary>Percentages of the limit that are told once a month, rising.</summary>
    public ImmutableArray<decimal> Thresholds { get; init; } = [];

    /// <summary>What happens once it is reached.</summary>
    public SpendAction Action { get; init; } = SpendAction.Notify;

    /// <summary>How the month goes that was looked at last; null before the first look.</summary>
    public SpendMonth? Month { get; init; }

    /// <summary>When it was deleted; null while it holds.</summary>
    public Instant? DeletedAt { get; init; }

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>How near it is, as it was looked at last.</summary>
    [JsonIgnore]
    public SpendState State => Month is not { } month ? SpendState.Ok : IsReached(month, Whole) ? SpendState.Exceeded : Thresholds.Any(threshold => IsReached(month, threshold)) ? SpendState.Warning : SpendState.Ok;

    string IEntity<SpendLimit>.Key => Id.ToString();

    string? IEntity<SpendLimit>.Alias => null;

    /// <inheritdoc/>
    public SpendLimit WithVersion(long version) => this with { Version = version };

    /// <summary>As it stands at an instant: nothing of a month that is over counts any more.</summary>
    public SpendLimit AsOf(Instant now) => Month?.Period.End <= now ? this with { Month = null } : this;

    /// <summary>Whether it is reached at an instant, does what it does then, and was not deleted.</summary>
    public bool Acts(SpendAction action, Instant now) => DeletedAt is null && Action == action && State is SpendState.Exceeded && Month!.Period.Contains(now);

    /// <summary>Takes in what was spent; a threshold is told once in a month, and a month that is over is left behind.</summary>
    /// <param name="month">The month that it is now.</param>
    /// <param name="spent">What was spent in it.</param>
    /// <param name="seen">The version of the record that says so.</param>
    /// <param name="now">When it was seen.</param>
    /// <returns>The limit, and the thresholds that are reached for the first time; the same limit where nothing changed.</returns>
    public (SpendLimit Limit, ImmutableArray<SpendAlert> Reached) Observe(Interval month, decimal spent, long seen, Instant now)
    {
        var before = In(month);
        if (seen < before.Seen || month.Start < (Month?.Period.Start ?? Instant.MinValue))
        {
            return (this, []);
        }

        var current = before with { Spent = spent, Seen = seen };
        ImmutableArray<SpendAlert> reached = [.. Thresholds.Append(Whole).Distinct().Order()
            .Where(threshold => before.Alerts.All(alert => alert.Threshold != threshold) && IsReached(current, threshold))
            .Select(threshold => new SpendAlert(threshold, spent, now))];
        return current == Month ? (this, []) : (this with { Month = current with { Alerts = before.Alerts.AddRange(reached) } }, reached);
    }

    /// <summary>What is known of a month; nothing where it is another than the last.</summary>
    internal SpendMonth In(Interval month) => Month is { } known && known.Period == month ? known : new SpendMonth(month);

    private bool IsReached(SpendMonth month, decimal threshold) => month.Counted >= Monthly.Amount * threshold / Whole;

    /// <summary>Counts anew from what was spent until now; what it suspended or blocked goes on.</summary>
    public SpendLimit Reset() => Month is { } month ? this with { Month = month with { ResetAtSpent = month.Spent, Alerts = [] } } : this;

    /// <summary>Refuses what breaks a rule.</summary>
    /// <exception cref="BillingException">A field is out of its range; the message names it and what is allowed.</exception>
    public void Validate()
    {
        if (Monthly.MinorUnits <= 0)
        {
            throw BillingException.Field("monthly_limit", "must be more than 0");
        }

        if (Thresholds.Length > Limits.ThresholdsPerLimit)
        {
            throw BillingException.Field("alert_thresholds", $"must be at most {Limits.ThresholdsPerLimit}");
        }

        for (var i = 0; i < Thresholds.Length; i++)
        {
            Check.Range($"alert_thresholds[{i}]", Thresholds[i], 1, Limits.HighestThreshold);
            if (i > 0 && Thresholds[i] <= Thresholds[i - 1])
            {
                throw BillingException.Field($"alert_thresholds[{i}]", "must be higher than the one before");
            }
        }
    }
}
