using BillApis.Metering;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Records one usage event for every request of a metered endpoint, however it ends.</summary>
internal sealed partial class MeteringMiddleware(RequestDelegate next, UsageBuffer buffer, MeteringOptions options, IClock clock, ILogger<MeteringMiddleware> logger)
{
    // The process and a number in it: unique without asking anyone, and the same when a batch is sent again.
    private static readonly string Process = Guid.CreateVersion7().ToString("N");
    private static long _count;

    public Task InvokeAsync(HttpContext context)
    {
        // A request that is run again inside of itself, as for an error page, is still one request.
        var isMetered = context.Features.Get<MeteredRequest>() is null && (context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<MeteredAttribute>() is not null);
        return isMetered ? MeterAsync(context) : next(context);
    }

    internal static string NewId() => $"{Process}-{Interlocked.Increment(ref _count):x}";

    private async Task MeterAsync(HttpContext context)
    {
        var request = MeteredRequest.Begin(context);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            request.Failed(failure);
            throw;
        }
        finally
        {
            request.End();
            if (request.Meter is { } meter && IsRecorded(context))
            {
                await RecordAsync(context, request, meter).ConfigureAwait(false);
            }
        }
    }

    private async Task RecordAsync(HttpContext context, MeteredRequest request, MeteredAttribute meter)
    {
        var properties = request.Properties(options);
        if (properties.IsFull)
        {
            LogFull(meter.EventType, Limits.PropertiesPerEvent);
        }

        var item = new UsageEvent
        {
            Id = NewId(),
            Type = meter.EventType,
            Customer = await CustomerAsync(context).ConfigureAwait(false) ?? options.UnknownCustomer,
            Timestamp = clock.GetCurrentInstant(),
            Properties = properties.Build(),
            Source = options.Source!,
        };

        // The caller may be gone; what was served is counted all the same.
        await buffer.AddAsync(options.Tenant, item, CancellationToken.None).ConfigureAwait(false);
    }

#pragma warning disable CA1031 // Whatever the application's own functions throw, the request is answered and its usage is kept.
    private bool IsRecorded(HttpContext context)
    {
        try
        {
            return options.Records(context);
        }
        catch (Exception exception)
        {
            LogThrew(nameof(MeteringOptions.Records), exception);
            return true;
        }
    }

    private async ValueTask<string?> CustomerAsync(HttpContext context)
    {
        try
        {
            return SafeText.Code(await options.Customer(context).ConfigureAwait(false));
        }
        catch (Exception exception)
        {
            LogThrew(nameof(MeteringOptions.Customer), exception);
            return null;
        }
    }
#pragma warning restore CA1031

    [LoggerMessage(Level = LogLevel.Error, Message = "MeteringOptions.{Function} threw; the usage is kept.")]
    private partial void LogThrew(string function, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An event of the type '{EventType}' has more than {Limit} properties; the last ones were left out.")]
    private partial void LogFull(string eventType, int limit);
}
