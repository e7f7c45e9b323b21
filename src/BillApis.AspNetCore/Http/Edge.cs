using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BillApis.AspNetCore;

/// <summary>What stands around every endpoint: the request's id, its size limit, who is calling, its idempotency key, and an envelope for whatever goes wrong.</summary>
internal static class Edge
{
    private const int MaxRequestIdLength = 128;

    /// <summary>Puts the edge around an endpoint, inside of the application's own middleware.</summary>
    public static void Surround(EndpointBuilder endpoint)
    {
        var inner = endpoint.RequestDelegate ?? throw new InvalidOperationException("The endpoint has no handler.");
        endpoint.RequestDelegate = context => RunAsync(context, inner);
    }

    private static Task RunAsync(HttpContext context, RequestDelegate inner)
    {
        var request = NameRequest(context);
        context.Response.Headers.CacheControl = "no-store";
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = IsStreamed(context) ? Limits.ImportBytes : Limits.RequestBytes;
        }

        return AnswerAsync(context, request, async () =>
        {
            Gate.CheckPath(context);
            await Gate.AdmitAsync(context).ConfigureAwait(false);
            RequestAudit.Begin(context, request);
            if (!IsStreamed(context) && Idempotency.KeyOf(context) is { } key)
            {
                await context.RequestServices.GetRequiredService<Idempotency>().RunAsync(context, key, () => AnswerAsync(context, request, () => inner(context))).ConfigureAwait(false);
            }
            else
            {
                await inner(context).ConfigureAwait(false);
            }
        });
    }

    private static bool IsStreamed(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<StreamedBody>() is not null;

    private static async Task AnswerAsync(HttpContext context, string request, Func<Task> work)
    {
        try
        {
            await RequestAudit.WatchAsync(context, request, work).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is waiting for the answer any more.
        }
#pragma warning disable CA1031 // The edge is where every failure becomes an answer; what is not a refusal is logged.
        catch (Exception exception) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            var failure = Failure.Of(exception);
            if (failure.Status >= StatusCodes.Status500InternalServerError)
            {
                Log(context).LogError(exception, "Request {RequestId} {Method} {Path} failed.", request, context.Request.Method, context.Request.Path);
            }

            await Envelope.FailAsync(context, failure).ConfigureAwait(false);
        }
    }

    /// <summary>Says in the answer which request it answers, and what a browser must not do with it.</summary>
    public static string NameRequest(HttpContext context)
    {
        var sent = context.Request.Headers["X-Request-Id"].ToString();
        var id = sent.Length is > 0 and <= MaxRequestIdLength && sent.All(letter => letter is > ' ' and <= '~') ? sent : $"req_{Guid.CreateVersion7():N}";
        var headers = context.Response.Headers;
        headers["X-Request-Id"] = id;
        SecurityHeaders.Set(headers);
        return id;
    }

    private static ILogger Log(HttpContext context) => context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("BillApis.AspNetCore");
}

/// <summary>Marks an endpoint that takes its body as a stream of any size, and looks after its idempotency key itself.</summary>
internal sealed record StreamedBody;
