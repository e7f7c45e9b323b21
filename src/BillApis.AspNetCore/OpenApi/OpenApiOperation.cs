using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using BillApis.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>One endpoint under one method, as OpenAPI says it.</summary>
internal sealed class OpenApiOperation(RouteEndpoint endpoint, string method, string path, OpenApiSchemas schemas, bool isEnveloped)
{
    private const string Json = "application/json";

    public JsonObject ToJson()
    {
        var operation = new JsonObject
        {
            ["operationId"] = OperationId(),
            ["summary"] = endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>()!.Summary,
            ["tags"] = new JsonArray([.. endpoint.Metadata.GetMetadata<ITagsMetadata>()?.Tags.Select(tag => JsonValue.Create(tag)) ?? []]),
            ["parameters"] = new JsonArray([.. PathParameters(), .. QueryParameters()]),
        };
        if (RequestBody() is { } body)
        {
            operation["requestBody"] = body;
        }

        operation["responses"] = Responses();
        if (endpoint.Metadata.GetMetadata<OperatorOnly>() is not null)
        {
            operation["x-operator"] = true;
        }

        if (InRealm.Of(endpoint) is Realm.Portal)
        {
            operation["x-realm"] = "portal";
        }

        if (OpenApiDocument.IsOpen(endpoint))
        {
            operation["security"] = new JsonArray();
        }
        else if (RequiredPermission.Of(endpoint) is { } permission)
        {
            operation["x-permission"] = permission.ToString();
            if (InRealm.Of(endpoint) is Realm.Portal)
            {
                operation["security"] = new JsonArray(new JsonObject { ["portal_bearer"] = new JsonArray() }, new JsonObject { ["api_key"] = new JsonArray() });
            }
        }
        else
        {
            operation["security"] = new JsonArray(new JsonObject { [InRealm.Of(endpoint) is Realm.Portal ? "portal_bearer" : "bearer"] = new JsonArray() });
        }

        return operation;
    }

    private string OperationId() =>
        JsonNamingPolicy.CamelCase.ConvertName(string.Concat($"{method.ToLowerInvariant()}/{path.Replace("/api/v1", "", StringComparison.Ordinal)}".Split('/', '-', '{', '}', '.', '_').Where(part => part.Length > 0)
            .Select(part => char.ToUpperInvariant(part[0]) + part[1..])));

    private IEnumerable<JsonNode> PathParameters() => endpoint.RoutePattern.Parameters.Select(parameter => new JsonObject
    {
        ["name"] = parameter.Name,
        ["in"] = "path",
        ["required"] = true,
        ["description"] = "The id, or the object's own code or external_id where it has one.",
        ["schema"] = new JsonObject { ["type"] = "string" },
    });

    private IEnumerable<JsonNode> QueryParameters() => endpoint.Metadata.GetOrderedMetadata<QueryType>()
        .SelectMany(query => BillingJson.Options.GetTypeInfo(query.Type).Properties)
        .Select(property => new JsonObject
        {
            ["name"] = property.Name,
            ["in"] = "query",
            ["required"] = property.IsRequired,
            [IsJson(property) ? "content" : "schema"] = IsJson(property) ? new JsonObject { [Json] = new JsonObject { ["schema"] = schemas.Of(property.PropertyType) } } : schemas.Of(property.PropertyType),
        });

    private static bool IsJson(JsonPropertyInfo property) => BillingJson.Options.GetTypeInfo(property.PropertyType).Kind is JsonTypeInfoKind.Object;

    private JsonObject? RequestBody()
    {
        var content = new JsonObject();
        foreach (var body in endpoint.Metadata.GetOrderedMetadata<BodyType>())
        {
            content[body.ContentType] = new JsonObject { ["schema"] = body.Partial ? schemas.PartOf(body.Type) : schemas.Of(body.Type) };
        }

        return content.Count == 0 ? null : new JsonObject
        {
            ["required"] = endpoint.Metadata.GetOrderedMetadata<BodyType>().All(body => OpenApiSchemas.HasRequired(body.Type) && !body.Partial),
            ["content"] = content,
        };
    }

    private JsonObject Responses()
    {
        var responses = new JsonObject();
        foreach (var answer in endpoint.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>().Where(answer => answer.Type is not null && answer.Type != typeof(void)))
        {
            var type = answer.ContentTypes.FirstOrDefault(Json);
            responses[answer.StatusCode.ToString(CultureInfo.InvariantCulture)] = Response("Done", isEnveloped && type is Json ? schemas.Enveloped(answer.Type!) : schemas.Of(answer.Type!), type);
        }

        if (endpoint.Metadata.GetMetadata<FileType>() is { } file)
        {
            responses["200"] = Response("The file", new JsonObject { ["type"] = "string", ["format"] = "binary" }, file.ContentType.Split(';')[0]);
        }

        if (isEnveloped)
        {
            foreach (var (status, meaning) in Refusals())
            {
                responses[status] = Response(meaning, new JsonObject { ["$ref"] = "#/components/schemas/Error" });
            }
        }

        return responses;
    }

    private IEnumerable<(string Status, string Meaning)> Refusals()
    {
        var takesBody = endpoint.Metadata.GetMetadata<BodyType>() is not null;
        yield return ("400", "VAL_001: the request is malformed or breaks a rule");
        yield return ("401", "AUTH_001: no credential, or one that is wrong or expired");
        yield return ("403", "AUTH_006: the caller may not do this");
        yield return ("404", "RES_001: there is no such object");
        if (method is not "GET")
        {
            yield return ("409", "CON_001: the state does not allow it, or someone else was faster");
        }

        if (takesBody)
        {
            yield return ("413", "VAL_002: the body is too large");
            yield return ("415", "VAL_003: the content type is not accepted");
        }

        yield return ("429", "RATE_001: too many requests; Retry-After says when to try again");
        yield return ("500", "INT_001: an internal error");
        yield return ("503", "INT_002: a dependency is down");
    }

    private static JsonObject Response(string description, JsonNode schema, string contentType = Json) => new()
    {
        ["description"] = description,
        ["content"] = new JsonObject { [contentType] = new JsonObject { ["schema"] = schema } },
    };
}
