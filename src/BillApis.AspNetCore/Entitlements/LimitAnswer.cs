using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>What an application's own endpoint answers whom a limit stops: the status, the rate limit headers, and the same as JSON.</summary>
internal static class LimitAnswer
{
    public static Task WriteAsync(HttpContext context, EntitlementCheck check, Instant now)
    {
        var resets = check is { Reason: EntitlementReason.LimitReached, ResetsAt: not null };
        var headers = context.Response.Headers;
        if (check.Limit is { } limit)
        {
            headers["RateLimit-Limit"] = Exact.Format(limit);
            headers["RateLimit-Remaining"] = Exact.Format(check.Remaining ?? 0);
        }

        if (check.ResetsAt is { } reset)
        {
            var seconds = Math.Max(1, (long)Math.Ceiling((reset - now).BclCompatibleTicks / (decimal)TimeSpan.TicksPerSecond)).ToString(CultureInfo.InvariantCulture);
            headers["RateLimit-Reset"] = seconds;
            if (resets)
            {
                headers.RetryAfter = seconds;
            }
        }

        var failure = LimitFailure.Of(check, resets ? StatusCodes.Status429TooManyRequests : StatusCodes.Status402PaymentRequired);
        return WriteAsync(context, failure, new { check.Limit, check.Used, check.Remaining, check.ResetsAt, check.Reason });
    }

    public static Task WriteUnknownAsync(HttpContext context) => WriteAsync(context, Failure.DatabaseDown, null);

    private static Task WriteAsync(HttpContext context, Failure failure, object? payload)
    {
        context.Response.StatusCode = failure.Status;
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.WriteAsync(
            JsonSerializer.Serialize(new { Success = false, Error = new { failure.Code, Msg = failure.Message }, Payload = payload }, BillingJson.Options), context.RequestAborted);
    }
}
