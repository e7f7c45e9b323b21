using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/openapi/v1.json</c>, made from the endpoints themselves.</summary>
internal static class OpenApiEndpoint
{
    public static void Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var document = new Lazy<string>(() => OpenApiDocument.Of(AllOf(endpoints), prefix).ToJsonString(BillingJson.Options));
        endpoints.MapGet("/openapi/v1.json", () => TypedResults.Text(document.Value, "application/json; charset=utf-8")).AllowAnonymous().ExcludeFromDescription();
    }

    private static IEnumerable<RouteEndpoint> AllOf(IEndpointRouteBuilder endpoints) =>
        endpoints.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();
}
