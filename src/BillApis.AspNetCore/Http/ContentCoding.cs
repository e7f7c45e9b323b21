using BillApis.Metering;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>The compressions that a request body may come in.</summary>
internal static class ContentCoding
{
    /// <summary>How the request is compressed.</summary>
    /// <exception cref="HttpRefusal">The Content-Encoding is not known.</exception>
    public static UsagePacking Of(HttpRequest request) => request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant() switch
    {
        "" or "identity" => UsagePacking.None,
        "gzip" or "x-gzip" => UsagePacking.Gzip,
        "br" => UsagePacking.Brotli,
        _ => throw new HttpRefusal(Failure.ContentEncoding(request.Headers.ContentEncoding)),
    };
}
