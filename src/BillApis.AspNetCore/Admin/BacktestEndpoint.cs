using System.Collections.Immutable;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/simulation/backtest</c>: past usage under another plan.</summary>
internal static class BacktestEndpoint
{
    private const int MaxCustomers = 10_000;

    public static void MapBacktest(this IEndpointRouteBuilder api) =>
        api.MapPost("/admin/simulation/backtest", RunAsync).WithTags("Admin").Requires("analytics", Permission.Read).WithSummary("Rate past usage under another plan: revenue by customer, before and after; nothing is stored");

    internal static async Task<BacktestResponse> RunAsync(Body<BacktestRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = body.Value;
        Check.Range("customers", sent.Customers?.Length ?? 0, 0, MaxCustomers);
        var period = Period.Between(sent.From, sent.To);
        return BacktestResponse.From(await billing.Backtests.RunAsync(caller.Tenant, sent.PlanId, period, sent.Customers ?? [], cancellationToken).ConfigureAwait(false));
    }
}

internal sealed record BacktestRequest
{
    public required string PlanId { get; init; }
    public required Instant From { get; init; }
    public required Instant To { get; init; }

    /// <summary>Ids or external ids; every customer that has a subscription where there are none.</summary>
    public ImmutableArray<string>? Customers { get; init; }
}

/// <summary>Amounts are before coupons, credits and taxes.</summary>
internal sealed record BacktestResponse(
    PlanId PlanId, int PlanVersion, Currency Currency, Period Period, decimal Before, decimal After, decimal Difference, ImmutableArray<BacktestRowResponse> Customers, ImmutableArray<BacktestFailureResponse> Failures)
{
    public static BacktestResponse From(Backtest backtest) => new(
        backtest.Plan, backtest.Version, backtest.Currency, AspNetCore.Period.From(backtest.Period), backtest.Before.Amount, backtest.After.Amount, backtest.After.Amount - backtest.Before.Amount,
        [.. backtest.Customers.Select(row => new BacktestRowResponse(row.Customer, row.Before.Amount, row.After.Amount, row.After.Amount - row.Before.Amount))],
        [.. backtest.Failures.Select(failure => new BacktestFailureResponse(failure.Customer, failure.Message))]);
}

internal sealed record BacktestRowResponse(CustomerId CustomerId, decimal Before, decimal After, decimal Difference);

internal sealed record BacktestFailureResponse(CustomerId CustomerId, string Msg);
