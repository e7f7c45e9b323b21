using System.Collections.Immutable;
using BillApis.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Reports on the books: <c>/ledger/accounts/{id}/statement</c> and <c>/ledger/revenue-schedule</c>.</summary>
internal static class StatementEndpoints
{
    public static void MapStatements(this IEndpointRouteBuilder api)
    {
        var ledger = api.MapGroup("/ledger").WithTags("Ledger").Requires("ledger");
        ledger.MapGet("/accounts/{id}/statement", GetStatementAsync).WithSummary("What moved an account between two instants, with its balance before, after each movement and at the end");
        ledger.MapGet("/revenue-schedule", GetRevenueAsync).WithSummary("Month by month, what was invoiced in advance and is earned by days");
    }

    internal static async Task<StatementResponse> GetStatementAsync(string id, Query<StatementQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        StatementResponse.From(caller.Tenant, await billing.Statements.OfAccountAsync(caller.Tenant, id, query.Value.ToInterval(), cancellationToken).ConfigureAwait(false));

    internal static async Task<ImmutableArray<RevenueMonthResponse>> GetRevenueAsync(Query<RevenueQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var customer = await References.CustomerAsync(billing, caller.Tenant, query.Value.CustomerId, cancellationToken).ConfigureAwait(false);
        return [.. (await billing.Statements.RevenueAsync(caller.Tenant, query.Value.ToInterval(), customer?.Id, cancellationToken).ConfigureAwait(false)).Select(RevenueMonthResponse.From)];
    }
}

internal record StatementQuery
{
    public required Instant From { get; init; }
    public required Instant To { get; init; }

    public Interval ToInterval() => Period.Between(From, To);
}

internal sealed record RevenueQuery : StatementQuery
{
    public string? CustomerId { get; init; }
}

internal sealed record StatementResponse(AccountId AccountId, string Code, string Currency, Period Period, decimal Opening, decimal Closing, ImmutableArray<StatementLineResponse> Lines)
{
    public static StatementResponse From(TenantId tenant, AccountStatement statement)
    {
        var (account, asset) = (statement.Account, statement.Account.Asset);
        return new StatementResponse(
            account.IdIn(tenant), account.Code, asset.Code, AspNetCore.Period.From(statement.Period), asset.ToMajorUnits(statement.Opening), asset.ToMajorUnits(statement.Closing),
            [.. statement.Lines.Select(line => new StatementLineResponse(EntryResponse.From(tenant, line.Entry), asset.ToMajorUnits(line.Balance)))]);
    }
}

internal sealed record StatementLineResponse(EntryResponse Entry, decimal Balance);

internal sealed record RevenueMonthResponse(Period Period, Currency Currency, decimal Earned, decimal Deferred)
{
    public static RevenueMonthResponse From(RevenueMonth month) => new(AspNetCore.Period.From(month.Period), month.Currency, month.Earned.Amount, month.Deferred.Amount);
}
