using System.Collections.Immutable;
using NodaTime;

namespace BillApis.AspNetCore;

internal sealed record SpendLimitRequest
{
    public required string CustomerId { get; init; }

    /// <summary>Only what this subscription spends; absent for all of the customer's.</summary>
    public string? SubscriptionId { get; init; }

    public required decimal MonthlyLimit { get; init; }

    /// <summary>Percentages of the limit, rising; each is told once a month.</summary>
    public ImmutableArray<decimal>? AlertThresholds { get; init; }

    public SpendAction ActionOnExceed { get; init; } = SpendAction.Notify;

    /// <summary>The customer's where absent.</summary>
    public Currency? Currency { get; init; }
}

/// <summary>What can be changed of a spend limit.</summary>
internal sealed record SpendLimitChange
{
    public required decimal MonthlyLimit { get; init; }
    public required ImmutableArray<decimal> AlertThresholds { get; init; }
    public required SpendAction ActionOnExceed { get; init; }
    public required Currency Currency { get; init; }

    public static SpendLimitChange From(SpendLimit limit) => new() { MonthlyLimit = limit.Monthly.Amount, AlertThresholds = limit.Thresholds, ActionOnExceed = limit.Action, Currency = limit.Monthly.Currency };
}

internal sealed record SpendLimitQuery : Paging
{
    public string? CustomerId { get; init; }
}

internal sealed record SpendStatusQuery
{
    public required string CustomerId { get; init; }

    /// <summary>Only what this subscription spent.</summary>
    public string? SubscriptionId { get; init; }
}

internal sealed record SpendLimitResponse(
    SpendLimitId Id, CustomerId CustomerId, SubscriptionId? SubscriptionId, decimal MonthlyLimit, Currency Currency, ImmutableArray<decimal> AlertThresholds, SpendAction ActionOnExceed,
    SpendState State, decimal Spent, decimal Percent, Period? Period, ImmutableArray<SpendAlert> Alerts, Instant CreatedAt)
{
    public static SpendLimitResponse From(SpendLimit limit) => new(
        limit.Id, limit.Customer, limit.Subscription, limit.Monthly.Amount, limit.Monthly.Currency, limit.Thresholds, limit.Action,
        limit.State, limit.Month?.Counted ?? 0, Percentage(limit), limit.Month is { } month ? AspNetCore.Period.From(month.Period) : null, limit.Month?.Alerts ?? [], limit.CreatedAt);

    /// <summary>How much of a limit is used up, in percent with two decimals.</summary>
    public static decimal Percentage(SpendLimit limit) => Math.Round((limit.Month?.Counted ?? 0) / limit.Monthly.Amount * 100, 2, MidpointRounding.AwayFromZero);
}

internal sealed record SpendStatusResponse(
    decimal Spent, decimal? Limit, decimal? Percent, SpendState State, decimal Projected, Currency Currency, Period Period, SpendAction? ActionOnExceed, ImmutableArray<SpendLimitResponse> Limits)
{
    public static SpendStatusResponse From(SpendStatus status)
    {
        var first = status.Limits.FirstOrDefault();
        return new SpendStatusResponse(
            status.Spent, first?.Monthly.Amount, first is null ? null : SpendLimitResponse.Percentage(first), first?.State ?? SpendState.Ok, status.Projected, status.Currency, AspNetCore.Period.From(status.Period),
            first?.Action, [.. status.Limits.Select(SpendLimitResponse.From)]);
    }
}
