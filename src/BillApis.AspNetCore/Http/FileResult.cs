using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BillApis.AspNetCore;

/// <summary>An answer that is a file and no envelope.</summary>
internal sealed class FileResult(byte[] content, string contentType, string name) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = contentType;
        response.ContentLength = content.Length;
        var disposition = new ContentDispositionHeaderValue("inline");
        disposition.SetHttpFileName(name);
        response.Headers.ContentDisposition = disposition.ToString();
        response.Headers.XContentTypeOptions = "nosniff";

        // What customers and products are called must never run or load anything.
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
        await response.Body.WriteAsync(content, httpContext.RequestAborted).ConfigureAwait(false);
    }
}

/// <summary>The kind of file that an endpoint answers; told to the OpenAPI document.</summary>
internal sealed record FileType(string ContentType);
