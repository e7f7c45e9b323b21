using System.Collections.Immutable;
using System.Data.Common;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>What the caller is told when a request does not succeed: the status, the wire code and a text.</summary>
internal sealed record Failure(int Status, string Code, string Message)
{
    public ImmutableArray<FieldError> Details { get; init; } = [];

    public static Failure NoSuchEndpoint(HttpRequest request) => new(StatusCodes.Status404NotFound, "REQ_001", $"There is no endpoint {request.Method} {request.Path}.");

    public static Failure MethodNotAllowed(HttpRequest request, string allowed) =>
        new(StatusCodes.Status405MethodNotAllowed, "REQ_001", $"{request.Path} does not take {request.Method}; it takes {allowed}.");

    public static Failure MediaType(string? sent, string accepted) =>
        new(StatusCodes.Status415UnsupportedMediaType, "VAL_003", $"The content type '{sent}' is not accepted here; send {accepted}.");

    public static Failure ContentEncoding(string? sent) =>
        new(StatusCodes.Status415UnsupportedMediaType, "VAL_003", $"The content encoding '{sent}' is not accepted; send gzip, br or identity.");

    public static Failure KeyReused(string key) =>
        new(StatusCodes.Status409Conflict, "IDM_001", $"The idempotency key '{key}' was used for another request; use a new key for a new request.");

    public static Failure TooLarge { get; } =
        new(StatusCodes.Status413PayloadTooLarge, "VAL_002", $"The request body is larger than {Limits.RequestBytes} bytes, as it was sent or unpacked.");

    /// <summary>How many seconds to wait before the request is sent again.</summary>
    public int? RetryAfter { get; init; }

    public static Failure TooMany(string what, Duration wait) =>
        new(StatusCodes.Status429TooManyRequests, "RATE_001", $"Too many {what}; try again later.") { RetryAfter = Seconds(wait) };

    /// <summary>A time to wait in whole seconds, never too short.</summary>
    public static int Seconds(Duration wait) => (int)Math.Ceiling((decimal)wait.ToTimeSpan().Ticks / TimeSpan.TicksPerSecond);

    public static Failure Internal { get; } =
        new(StatusCodes.Status500InternalServerError, "INT_001", "Something went wrong here; the log tells more under this request's X-Request-Id.");

    public static Failure DatabaseDown { get; } = new(StatusCodes.Status503ServiceUnavailable, "INT_002", "The database cannot be reached now; try again.");

    /// <summary>The one table of wire codes.</summary>
    public static Failure Of(Exception exception) => exception switch
    {
        HttpRefusal refusal => refusal.Failure,
        BillingException refusal => Of(refusal),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => TooLarge,
        BadHttpRequestException bad => new Failure(StatusCodes.Status400BadRequest, "VAL_001", $"Validation error: {bad.Message}"),
        DbException { IsTransient: true } or DbException { InnerException: IOException or SocketException or TimeoutException } => DatabaseDown,
        _ => Internal,
    };

    private static Failure Of(BillingException refusal)
    {
        var (status, code) = refusal.Code switch
        {
            BillingErrorCode.Invalid => (StatusCodes.Status400BadRequest, "VAL_001"),
            BillingErrorCode.TooLarge => (StatusCodes.Status413PayloadTooLarge, "VAL_002"),
            BillingErrorCode.NotFound => (StatusCodes.Status404NotFound, "RES_001"),
            BillingErrorCode.Conflict => (StatusCodes.Status409Conflict, "CON_001"),
            BillingErrorCode.Unauthenticated => (StatusCodes.Status401Unauthorized, "AUTH_001"),
            BillingErrorCode.Forbidden => (StatusCodes.Status403Forbidden, "AUTH_006"),
            BillingErrorCode.LimitReached => (StatusCodes.Status402PaymentRequired, "LIM_001"),
            BillingErrorCode.Unavailable => (StatusCodes.Status503ServiceUnavailable, "INT_002"),
            _ => (StatusCodes.Status500InternalServerError, "INT_001"),
        };
        return new Failure(status, code, status == StatusCodes.Status500InternalServerError ? Internal.Message : refusal.Message) { Details = refusal.Details };
    }
}

/// <summary>A refusal that only exists over HTTP, such as a wrong content type.</summary>
internal sealed class HttpRefusal(Failure failure) : Exception(failure.Message)
{
    public Failure Failure { get; } = failure;
}
