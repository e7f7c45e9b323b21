using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/openapi/v1.json</c>, made from the endpoints themselves, and the same to read.</summary>
internal static class OpenApiEndpoint
{
    public static void Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var document = new Lazy<string>(() => Of(endpoints, prefix).ToJsonString(BillingJson.Options));
        endpoints.MapGet("/openapi/v1.json", () => TypedResults.Text(document.Value, "application/json; charset=utf-8")).AllowAnonymous().ExcludeFromDescription().WithSecurityHeaders();
        ApiReferencePage.Map(endpoints, () => new ApiReference(Of(endpoints, prefix)));
    }

    /// <summary>The document of all endpoints that are mapped.</summary>
    public static JsonObject Of(IEndpointRouteBuilder endpoints, string prefix) =>
        OpenApiDocument.Of(endpoints.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>(), prefix);
}
