using BillApis.Outbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/health</c>: whether this process and what it needs are well; without the envelope, as probes expect.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var health = endpoints.MapGroup("/health").WithTags("Health");
        health.MapGet("", CheckAsync).WithSummary("The process and its dependencies").Produces<HealthResponse>().Produces<HealthResponse>(StatusCodes.Status503ServiceUnavailable).AllowAnonymous();
        health.MapGet("/ready", CheckAsync).WithSummary("Whether requests can be served").Produces<HealthResponse>().Produces<HealthResponse>(StatusCodes.Status503ServiceUnavailable).AllowAnonymous();
        health.MapGet("/live", () => Json(StatusCodes.Status200OK, new LiveResponse("healthy"))).WithSummary("Whether the process runs").Produces<LiveResponse>().AllowAnonymous();
    }

    internal static async Task<IResult> CheckAsync(IOutboxStore outbox, CancellationToken cancellationToken)
    {
        var database = await IsWellAsync(outbox, cancellationToken).ConfigureAwait(false);
        return Json(
            database ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            new HealthResponse(database ? "healthy" : "unhealthy", new DependenciesResponse(database ? "ok" : "failing", "ok", "ok")));
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

internal sealed record LiveResponse(string Status);
