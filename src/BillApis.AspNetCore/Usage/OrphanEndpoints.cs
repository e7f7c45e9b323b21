using System.Collections.Immutable;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/orphan-events</c>: usage that is kept without being counted.</summary>
internal static class OrphanEndpoints
{
    public static void MapOrphans(this IEndpointRouteBuilder api)
    {
        var orphans = api.MapGroup("/admin/orphan-events").WithTags("Admin").Requires("usage");
        orphans.MapGet("", ListAsync).WithSummary("List usage that is kept without being counted, oldest arrival first");
        orphans.MapPost("/recover", RecoverAsync).WithSummary("Count the orphans whose customer, subscription and metric are there by now; the worker does so by itself");
        orphans.MapPost("/discard", DiscardAsync).WithSummary("Give orphans up, with a reason; they stay on record");
    }

    internal static async Task<Page<OrphanResponse>> ListAsync(Query<OrphanListQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var page = query.Value.ToStoreQuery();
        var orphans = await billing.Usage.OrphansAsync(caller.Tenant, new OrphanQuery { Discarded = query.Value.Discarded, Reason = query.Value.Reason, Limit = page.Limit, After = page.After }, cancellationToken).ConfigureAwait(false);
        return orphans.Select(OrphanResponse.From);
    }

    internal static async Task<DiscardedResponse> DiscardAsync(Body<DiscardRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var (ids, reason, source) = (body.Value.Ids, body.Value.Reason, body.Value.Source ?? UsageEvent.DefaultSource);
        var discarded = await billing.Usage.DiscardOrphansAsync(caller.Tenant, source, ids, reason, cancellationToken).ConfigureAwait(false);
        return new DiscardedResponse(discarded.Count, [.. ids.Except(discarded)]);
    }

    internal static async Task<RecoveredResponse> RecoverAsync(Caller caller, Billing billing, CancellationToken cancellationToken) =>
        new(await billing.Usage.RecoverOrphansAsync(caller.Tenant, cancellationToken).ConfigureAwait(false));
}

internal sealed record OrphanListQuery : Paging
{
    public OrphanReason? Reason { get; init; }

    /// <summary>Whether to list those that were discarded, instead of those that are open.</summary>
    public bool Discarded { get; init; }
}

internal sealed record DiscardRequest
{
    public required ImmutableArray<string> Ids { get; init; }
    public required string Reason { get; init; }
    public string? Source { get; init; }
}

/// <summary>How many are discarded, and which ids are no open orphans.</summary>
internal sealed record DiscardedResponse(int Discarded, ImmutableArray<string> Unknown);

internal sealed record RecoveredResponse(int Recovered);
