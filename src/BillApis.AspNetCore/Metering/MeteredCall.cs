using System.Diagnostics;
using System.Net.Http.Headers;
using BillApis.Metering;

namespace BillApis.AspNetCore;

/// <summary>What is seen of one outgoing call, until its answer has been read; it is recorded once.</summary>
internal sealed class MeteredCall(UsageRecorder recorder, string eventType, string? customer, HttpRequestMessage request)
{
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private HttpResponseMessage? _response;
    private long? _length;
    private int _isRecorded;

    public ByteCount Sent { get; } = new();

    public ByteCount Received { get; } = new();

    public static string Outcome(Exception failure) => failure is OperationCanceledException ? "aborted" : "failed";

    public void Answered(HttpResponseMessage response) => (_response, _length) = (response, response.Content.Headers.ContentLength);

    public async ValueTask EndAsync(string outcome)
    {
        if (Interlocked.Exchange(ref _isRecorded, 1) == 0)
        {
            await recorder.RecordAsync(eventType, customer, Properties(outcome)).ConfigureAwait(false);
        }
    }

    /// <summary>The same for code that cannot be asynchronous.</summary>
    public void End(string outcome)
    {
        if (Interlocked.Exchange(ref _isRecorded, 1) == 0)
        {
            recorder.Record(eventType, customer, Properties(outcome));
        }
    }

    /// <summary>Ends a call whose answer nobody reads any further.</summary>
    public void Leave() => End(_length == Received.Value ? "completed" : "aborted");

    private EventProperties Properties(string outcome)
    {
        var properties = new EventProperties();
        properties.Set("method", SafeText.Value(request.Method.Method));
        properties.Set("host", EventProperties.Of(request.RequestUri?.Host));
        properties.Set("outcome", outcome);
        properties.Set("duration_us", Stopwatch.GetElapsedTime(_startedAt).Ticks / TimeSpan.TicksPerMicrosecond);
        properties.Set("request_bytes", Sent.Value);
        properties.Set("response_bytes", Received.Value);
        if (_response is not null)
        {
            properties.Set("status", (int)_response.StatusCode);
        }

        foreach (var (name, value) in HttpRequestUsage.Of(request).OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            properties.Set(name, value);
        }

        properties.SetHeaders("request", recorder.Options.RequestHeaders, name => Header(request.Headers, name));
        properties.SetHeaders("response", recorder.Options.ResponseHeaders, name => Header(_response?.Headers, name));
        return properties;
    }

    private static string? Header(HttpHeaders? headers, string name) => headers is not null && headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
