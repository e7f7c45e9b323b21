using BillApis.Outbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/health</c>: whether this process and what it needs are well; without the envelope, as probes expect.</summary>
internal static class HealthEndpoints
{
    private static readonly DependenciesResponse Well = new("ok", "ok", "ok");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var health = endpoints.MapGroup("/health").WithTags("Health").WithSecurityHeaders();
        health.MapGet("", CheckAsync).WithSummary("The process and its dependencies").Produces<HealthResponse>().Produces<HealthResponse>(StatusCodes.Status503ServiceUnavailable).AllowAnonymous();
        health.MapGet("/ready", CheckAsync).WithSummary("Whether requests can be served").Produces<HealthResponse>().Produces<HealthResponse>(StatusCodes.Status503ServiceUnavailable).AllowAnonymous();
        health.MapGet("/live", () => Json(StatusCodes.Status200OK, new LiveResponse("healthy"))).WithSummary("Whether the process runs").Produces<LiveResponse>().AllowAnonymous();
    }

    /// <summary>Maps the same for the tenant's own people, with what waits to be carried out.</summary>
    public static void MapHealth(this IEndpointRouteBuilder api) =>
        api.MapGet("/admin/health", GetAsync).WithTags("Admin").Requires("settings").WithSummary("Whether the process and its dependencies are well, and how many of the tenant's events wait to be carried out");

    internal static async Task<AdminHealthResponse> GetAsync(Caller caller, IOutboxStore outbox, CancellationToken cancellationToken)
    {
        if (!await IsWellAsync(outbox, cancellationToken).ConfigureAwait(false))
        {
            throw new HttpRefusal(Failure.DatabaseDown);
        }

        var waiting = await outbox.PendingAsync(caller.Tenant, Limits.PageSize, cancellationToken).ConfigureAwait(false);
        return new AdminHealthResponse("healthy", Well, waiting.Count, waiting.Count == 0 ? null : waiting[0].Event.At);
    }

    internal static async Task<IResult> CheckAsync(IOutboxStore outbox, CancellationToken cancellationToken)
    {
        var database = await IsWellAsync(outbox, cancellationToken).ConfigureAwait(false);
        return Json(
            database ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            new HealthResponse(database ? "healthy" : "unhealthy", database ? Well : Well with { Database = "failing" }));
    }

    private static async Task<bool> IsWellAsync(IOutboxStore outbox, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await outbox.PendingAsync(TenantId.Default, 1, patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception) when (exception is BillingException or System.Data.Common.DbException)
        {
            return false;
        }
    }

    private static JsonHttpResult<object> Json(int status, object value) => TypedResults.Json(value, BillingJson.Options, "application/json; charset=utf-8", status);
}

internal sealed record HealthResponse(string Status, DependenciesResponse Dependencies);

internal sealed record DependenciesResponse(string Database, string Cache, string MessageBroker);

/// <summary>The same, and what the outbox holds.</summary>
/// <param name="Status">Always healthy: what is not well is answered with 503.</param>
/// <param name="Dependencies">Each thing that the process needs.</param>
/// <param name="PendingEvents">How many events wait, up to 500.</param>
/// <param name="OldestPendingAt">Since when the first of them waits.</param>
internal sealed record AdminHealthResponse(string Status, DependenciesResponse Dependencies, int PendingEvents, Instant? OldestPendingAt);

internal sealed record LiveResponse(string Status);
