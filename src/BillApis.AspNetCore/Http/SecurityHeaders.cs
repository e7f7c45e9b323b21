using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>What every answer tells browsers: to run nothing of it, guess nothing about it, frame it nowhere and tell nobody where it was.</summary>
internal static class SecurityHeaders
{
    public static void Set(IHeaderDictionary headers)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
    }

    /// <summary>Sets them, and the request's id, for endpoints that <see cref="Edge"/> does not surround.</summary>
    public static T WithSecurityHeaders<T>(this T endpoints) where T : IEndpointConventionBuilder
    {
        endpoints.Finally(endpoint =>
        {
            var inner = endpoint.RequestDelegate ?? throw new InvalidOperationException("The endpoint has no handler.");
            endpoint.RequestDelegate = context =>
            {
                Edge.NameRequest(context);
                return inner(context);
            };
        });
        return endpoints;
    }
}
