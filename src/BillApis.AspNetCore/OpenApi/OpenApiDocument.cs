using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>Describes the endpoints in OpenAPI 3.1: what each takes, the envelope that it answers with, and how it refuses.</summary>
internal static class OpenApiDocument
{
    public static JsonObject Of(IEnumerable<RouteEndpoint> endpoints, string prefix)
    {
        var schemas = new OpenApiSchemas();
        var paths = new JsonObject();
        foreach (var endpoint in endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>() is not null).OrderBy(endpoint => Path(endpoint), StringComparer.Ordinal))
        {
            var path = Path(endpoint);
            var item = paths[path] as JsonObject ?? [];
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
            {
                item[method.ToLowerInvariant()] = new OpenApiOperation(endpoint, method, path, path.StartsWith(prefix, StringComparison.Ordinal) ? prefix : null, schemas).ToJson();
            }

            paths[path] = item;
        }

        schemas.Add("Error", ErrorSchema());
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "BillApis", ["version"] = "v1", ["description"] = "Metering, pricing, subscriptions, invoicing and the ledger. Amounts are exact decimals in major units; instants are UTC; periods are half-open." },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["security"] = new JsonArray(new JsonObject { ["bearer"] = new JsonArray() }, new JsonObject { ["api_key"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "JWT" },
                    ["portal_bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "JWT", ["description"] = "The access token of a customer's portal user." },
                    ["api_key"] = new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = Credentials.KeyHeader },
                },
                ["responses"] = OpenApiRefusals.ToJson(),
                ["schemas"] = schemas.ToJson(),
            },
        };
    }

    /// <summary>Whether anybody may call the endpoint.</summary>
    public static bool IsOpen(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private static string Path(RouteEndpoint endpoint) => "/" + (endpoint.RoutePattern.RawText ?? "").Trim('/');

    private static JsonNode ErrorSchema() => JsonNode.Parse(
        """
        {
          "type": "object", "required": ["success", "error", "payload", "input"],
          "properties": {
            "success": { "const": false },
            "error": {
              "type": "object", "required": ["code", "msg", "details"],
              "properties": {
                "code": { "type": "string", "examples": ["VAL_001"] },
                "msg": { "type": "string", "examples": ["Validation error: field 'name' is required"] },
                "details": { "type": "array", "items": { "type": "object", "required": ["field", "msg"], "properties": { "field": { "type": "string" }, "msg": { "type": "string" } } } }
              }
            },
            "payload": { "type": "null" },
            "input": { "description": "The request body where it is JSON, or else the query; secrets are masked. Of a body of more than 65,536 bytes only its size: { \"omitted_bytes\": 70000 }." }
          }
        }
        """)!;
}
