using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BillApis.AspNetCore;

/// <summary>Compares a request's content type.</summary>
internal static class MediaType
{
    /// <summary>Whether the request is of this type, in UTF-8.</summary>
    public static bool Is(HttpRequest request, string type) => Is(request.ContentType, type);

    /// <summary>Whether a content type is this one, in UTF-8.</summary>
    public static bool Is(string? contentType, string type) =>
        MediaTypeHeaderValue.TryParse(contentType, out var sent)
        && sent.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)
        && (!sent.Charset.HasValue || sent.Charset.Value.Trim('"') is var charset && (charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase)));
}
