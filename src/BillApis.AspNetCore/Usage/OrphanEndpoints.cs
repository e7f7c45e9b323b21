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
        var orphans = api.MapGroup("/admin/orphan-events").WithTags("Admin");
        orphans.MapGet("", ListAsync).WithSummary("List usage that is kept without being counted, oldest arrival first");
        orphans.MapPost("/recover", RecoverAsync).WithSummary("Count the orphans whose customer and metric are there by now");
    }

    internal static async Task<Page<OrphanResponse>> ListAsync(Query<OrphanListQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var page = query.Value.ToStoreQuery();
        var orphans = await billing.Usage.OrphansAsync(caller.Tenant, new OrphanQuery { Reason = query.Value.Reason, Limit = page.Limit, After = page.After }, cancellationToken).ConfigureAwait(false);
        return orphans.Select(OrphanResponse.From);
    }

    internal static async Task<RecoveredResponse> RecoverAsync(Caller caller, Billing billing, CancellationToken cancellationToken) =>
        new(await billing.Usage.RecoverOrphansAsync(caller.Tenant, cancellationToken).ConfigureAwait(false));
}

internal sealed record OrphanListQuery : Paging
{
    public OrphanReason? Reason { get; init; }
}

internal sealed record RecoveredResponse(int Recovered);
