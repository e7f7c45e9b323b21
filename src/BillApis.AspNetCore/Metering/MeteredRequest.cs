using System.Collections.Concurrent;
using System.Diagnostics;
using BillApis.Metering;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>What is seen of one request while it is served.</summary>
internal sealed class MeteredRequest : IEndpointFeature
{
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly ByteCount _in = new();
    private readonly ByteCount _out = new();
    private readonly ConcurrentDictionary<string, PropertyValue> _own = new(StringComparer.Ordinal);
    private readonly HttpContext _context;
    private readonly IHttpResponseBodyFeature _responseBody;
    private readonly Stream _requestBody;
    private Endpoint? _current;
    private Endpoint? _endpoint;
    private RouteValueDictionary? _routeValues;
    private Exception? _failure;

    private MeteredRequest(HttpContext context)
    {
        _context = context;
        FindEndpoint();
        if (_endpoint is null)
        {
            // Routing is still to come.
            context.Features.Set<IEndpointFeature>(this);
        }

        (_requestBody, _responseBody) = (context.Request.Body, context.Features.GetRequiredFeature<IHttpResponseBodyFeature>());
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false })
        {
            context.Request.Body = new CountingStream(_requestBody, _in);
        }

        context.Features.Set<IHttpResponseBodyFeature>(new CountingResponseBody(_responseBody, _out));
        context.Features.Set(this);
    }

    /// <summary>What the request is metered as; null where its endpoint has no meter.</summary>
    public MeteredAttribute? Meter => _endpoint?.Metadata.GetMetadata<MeteredAttribute>();

    Endpoint? IEndpointFeature.Endpoint
    {
        get => _current;
        set
        {
            FindEndpoint();
            _current = value;
        }
    }

    public static MeteredRequest Begin(HttpContext context) => new(context);

    public void Set(string name, PropertyValue value) => _own[name] = value;

    public void Failed(Exception failure) => _failure = failure;

    /// <summary>Gives the bodies back as they were.</summary>
    public void End()
    {
        FindEndpoint();
        _context.Features.Set(_responseBody);
        _context.Request.Body = _requestBody;
    }

    public EventProperties Properties(MeteringOptions options)
    {
        var (isAborted, response) = (_context.RequestAborted.IsCancellationRequested, _context.Response);
        var properties = new EventProperties();
        properties.Set("method", SafeText.Value(_context.Request.Method));
        properties.Set("route", EventProperties.Of((_endpoint as RouteEndpoint)?.RoutePattern.RawText));
        properties.Set("status", _failure is null || response.HasStarted ? response.StatusCode : Unanswered(_failure, isAborted));
        properties.Set("outcome", isAborted ? "aborted" : _failure is null ? "completed" : "failed");
        properties.Set("duration_us", Stopwatch.GetElapsedTime(_startedAt).Ticks / TimeSpan.TicksPerMicrosecond);
        properties.Set("request_bytes", _in.Value);
        properties.Set("response_bytes", HttpMethods.IsHead(_context.Request.Method) ? 0 : _out.Value);
        foreach (var (name, value) in _own.OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            properties.Set(name, value);
        }

        foreach (var (name, value) in _routeValues ?? [])
        {
            properties.SetIfAbsent($"route_{name}", EventProperties.Of(value));
        }

        properties.SetHeaders("request", options.RequestHeaders, name => Header(_context.Request.Headers, name));
        properties.SetHeaders("response", options.ResponseHeaders, name => Header(response.Headers, name));
        return properties;
    }

    // The server answers so what nothing inside of it has answered.
    private static int Unanswered(Exception failure, bool isAborted) =>
        failure is BadHttpRequestException bad ? bad.StatusCode
        : isAborted ? StatusCodes.Status499ClientClosedRequest
        : StatusCodes.Status500InternalServerError;

    private static string? Header(IHeaderDictionary headers, string name) => headers.TryGetValue(name, out var values) ? values.ToString() : null;

    // Whoever answers an error may take the endpoint away or put another in its place: the first that is seen holds.
    private void FindEndpoint()
    {
        if (_endpoint is null && _context.GetEndpoint() is { } endpoint)
        {
            (_endpoint, _routeValues) = (endpoint, _context.Request.RouteValues);
        }
    }
}
