using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;

namespace BillApis.AspNetCore;

/// <summary>Answers for paths that nothing is mapped to, and for methods that a path does not take.</summary>
internal static class Unknown
{
    public const string Parameter = "unknown_path";

    public static void MapUnknown(this IEndpointRouteBuilder api) =>
        api.MapFallback($"{{**{Parameter}}}", (HttpContext context, EndpointDataSource endpoints) => Refuse(context, endpoints)).AllowAnonymous().ExcludeFromDescription();

    private static void Refuse(HttpContext context, EndpointDataSource endpoints)
    {
        var allowed = string.Join(", ", endpoints.Endpoints.OfType<RouteEndpoint>().Where(endpoint => Matches(endpoint, context.Request.Path))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Distinct().Order(StringComparer.Ordinal));
        if (allowed.Length == 0)
        {
            throw new HttpRefusal(Failure.NoSuchEndpoint(context.Request));
        }

        context.Response.Headers.Allow = allowed;
        throw new HttpRefusal(Failure.MethodNotAllowed(context.Request, allowed));
    }

    private static bool Matches(RouteEndpoint endpoint, PathString path) =>
        new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), new RouteValueDictionary(endpoint.RoutePattern.Defaults)).TryMatch(path, []);
}
