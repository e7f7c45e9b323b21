using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Records one usage event for every request of a metered endpoint, however it ends.</summary>
internal sealed class MeteringMiddleware(RequestDelegate next, UsageRecorder recorder)
{
    public Task InvokeAsync(HttpContext context)
    {
        // A request that is run again inside of itself, as for an error page, is still one request.
        var isMetered = context.Features.Get<MeteredRequest>() is null && (context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<MeteredAttribute>() is not null);
        return isMetered ? MeterAsync(context) : next(context);
    }

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
            if (request.Meter is { } meter && await IsRecordedAsync(context).ConfigureAwait(false))
            {
                var properties = request.Properties(recorder.Options);
                await recorder.RecordAsync(meter.EventType, await recorder.CustomerAsync(context).ConfigureAwait(false), properties).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<bool> IsRecordedAsync(HttpContext context) =>
        await recorder.AskAsync<bool?>("MeteringOptions.Records", () => ValueTask.FromResult<bool?>(recorder.Options.Records(context))).ConfigureAwait(false) ?? true;
}
