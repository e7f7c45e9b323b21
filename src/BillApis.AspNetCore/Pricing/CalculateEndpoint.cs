using System.Collections.Immutable;
using BillApis.Identity;
using BillApis.Metering;
using BillApis.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/pricing/calculate</c>: rates usage without storing anything.</summary>
internal static class CalculateEndpoint
{
    public static void MapCalculate(this IEndpointRouteBuilder api) =>
        api.MapPost("/pricing/calculate", Calculate).WithTags("Master data").Requires("prices", Permission.Read).WithSummary("Rate usage under a price, with its tiers and steps; nothing is stored");

    internal static PriceQuote Calculate(Sent<CalculateRequest> body) => PriceCalculation.Quote(body.Json);
}

internal sealed record CalculateRequest
{
    public required InlinePrice Price { get; init; }
    public decimal? Quantity { get; init; }
    public ImmutableArray<CalculateEvent>? Events { get; init; }
    public Currency? Currency { get; init; }
    public CalculatePeriod? Period { get; init; }
}

internal sealed record CalculateEvent
{
    public decimal? Amount { get; init; }
    public decimal? Quantity { get; init; }
    public decimal? ProratedQuantity { get; init; }
    public UsageProperties? Properties { get; init; }
}

internal sealed record CalculatePeriod
{
    public required Instant Start { get; init; }
    public required Instant End { get; init; }
    public Instant? FullStart { get; init; }
    public Instant? FullEnd { get; init; }
    public DateTimeZone? Timezone { get; init; }
}
