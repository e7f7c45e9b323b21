using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Records one usage event for every call of an HTTP client, once its answer has been read, given up or failed.</summary>
internal sealed class MeteredHttpHandler(UsageRecorder recorder, IHttpContextAccessor current, string eventType, Func<HttpRequestMessage, ValueTask<string?>>? customer) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        await SendAsync(request, async () => await base.SendAsync(request, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);

    // What is sent synchronously waits for nothing, unless the customer is looked up or the buffer is full.
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(request, () => ValueTask.FromResult(base.Send(request, cancellationToken))).AsTask().GetAwaiter().GetResult();

    private async ValueTask<HttpResponseMessage> SendAsync(HttpRequestMessage request, Func<ValueTask<HttpResponseMessage>> send)
    {
        var call = new MeteredCall(recorder, eventType, await CustomerAsync(request).ConfigureAwait(false), request);
        var content = request.Content;
        try
        {
            request.Content = content is null ? null : new SentContent(content, call.Sent);
            var response = await send().ConfigureAwait(false);
            call.Answered(response);
            response.Content = new AnswerContent(response.Content, call);
            if (request.Method == HttpMethod.Head || response.Content.Headers.ContentLength == 0)
            {
                // There is nothing to read, and so nobody may read it.
                await call.EndAsync("completed").ConfigureAwait(false);
            }

            return response;
        }
        catch (Exception failure)
        {
            await call.EndAsync(MeteredCall.Outcome(failure)).ConfigureAwait(false);
            throw;
        }
        finally
        {
            // Whoever sends it again sends what the caller gave.
            request.Content = content;
        }
    }

    private ValueTask<string?> CustomerAsync(HttpRequestMessage request) =>
        customer is not null ? recorder.AskAsync("The function that finds the customer of an outgoing call", () => customer(request))
        : current.HttpContext is { } context ? recorder.CustomerAsync(context)
        : ValueTask.FromResult<string?>(null);
}
