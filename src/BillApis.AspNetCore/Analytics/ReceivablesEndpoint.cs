using System.Collections.Immutable;
using BillApis.Invoicing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/analytics/receivables</c>: what is owed, by age.</summary>
internal static class ReceivablesEndpoint
{
    public static void MapReceivables(this IEndpointRouteBuilder api) =>
        api.MapGroup("/analytics").WithTags("Analytics").Requires("analytics").MapGet("/receivables", GetAsync).WithSummary("What customers owe, by how long it has been due");

    internal static async Task<ReceivablesResponse> GetAsync(Caller caller, Billing billing, CancellationToken cancellationToken) =>
        ReceivablesResponse.From(await billing.Invoices.AgeAsync(caller.Tenant, cancellationToken).ConfigureAwait(false));
}

internal sealed record ReceivablesResponse(Instant AsOf, ImmutableArray<AgedReceivableResponse> Customers, ImmutableArray<AgedReceivableResponse> Totals)
{
    public static ReceivablesResponse From(ReceivablesAging aging) => new(
        aging.AsOf,
        [.. aging.Lines.Select(line => AgedReceivableResponse.From(line.Customer, line.Buckets))],
        [.. aging.Lines.GroupBy(line => line.Total.Currency).OrderBy(lines => lines.Key.Code, StringComparer.Ordinal)
            .Select(lines => AgedReceivableResponse.From(null, lines.Select(line => line.Buckets).Aggregate((sum, next) => [.. sum.Zip(next, (one, other) => one + other)])))]);
}

internal sealed record AgedReceivableResponse(CustomerId? CustomerId, string Currency, decimal Total, ImmutableArray<AgeResponse> Ages)
{
    private static readonly (int? From, int? To)[] Days = [(null, 0), (1, 30), (31, 60), (61, 90), (91, null)];

    public static AgedReceivableResponse From(CustomerId? customer, ImmutableArray<Money> buckets)
    {
        var total = buckets.Aggregate((sum, amount) => sum + amount);
        return new(customer, total.Currency.Code, total.Amount, [.. Days.Zip(buckets, (days, amount) => new AgeResponse(days.From, days.To, amount.Amount))]);
    }
}

/// <summary>What has been due for so many days; what is not due yet has been for 0 at most.</summary>
internal sealed record AgeResponse(int? FromDays, int? ToDays, decimal Amount);
