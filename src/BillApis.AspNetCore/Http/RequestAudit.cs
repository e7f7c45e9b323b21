using System.Text.Json;
using BillApis.Auditing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.AspNetCore;

/// <summary>Who is the cause of what a request changes, and what the request was denied.</summary>
internal static class RequestAudit
{
    private const string Denied = "request.denied";

    /// <summary>Lets everything that the request stores tell of its caller; what only reads stores nothing.</summary>
    public static void Begin(HttpContext context, string request)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            AuditSource.Current = SourceOf(context, request);
        }
    }

    /// <summary>Does the work, and keeps where a known caller was denied it.</summary>
    public static async Task WatchAsync(HttpContext context, string request, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Forbidden && context.Features.Get<Caller>() is not null)
        {
            await context.RequestServices.GetRequiredService<IAuditStore>().AppendAsync(
                Caller.Of(context).Tenant,
                SourceOf(context, request),
                new AuditChange(Denied, $"{context.Request.Method} {context.Request.Path}", null, JsonSerializer.SerializeToElement(new { reason = refusal.Message })),
                context.RequestAborted).ConfigureAwait(false);
            throw;
        }
    }

    private static AuditSource SourceOf(HttpContext context, string request) =>
        new(context.Features.Get<Caller>()?.Id ?? AuditSource.Anonymous, request, context.Connection.RemoteIpAddress?.ToString(), RealTime.Now);
}
