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
/// <param name="endpoint">The endpoint.</param>
/// <param name="method">The method.</param>
/// <param name="path">The whole path.</param>
/// <param name="prefix">The part of it before the operation's own; null where answers have no envelope.</param>
/// <param name="schemas">Where types are described.</param>
internal sealed class OpenApiOperation(RouteEndpoint endpoint, string method, string path, string? prefix, OpenApiSchemas schemas)
{
    private const string Json = "application/json";
    private readonly IReadOnlyList<OpenApiExample> _examples = prefix is null ? [] : OpenApiExamples.Of($"{method} {path[prefix.Length..]}");

    private bool IsEnveloped => prefix is not null;

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

    private IEnumerable<JsonNode> PathParameters() => endpoint.RoutePattern.Parameters.Select(parameter => WithExample(new JsonObject
    {
        ["name"] = parameter.Name,
        ["in"] = "path",
        ["required"] = true,
        ["description"] = "The id, or the object's own code or external_id where it has one.",
        ["schema"] = new JsonObject { ["type"] = "string" },
    }));

    private IEnumerable<JsonNode> QueryParameters() => endpoint.Metadata.GetOrderedMetadata<QueryType>()
        .SelectMany(query => BillingJson.Options.GetTypeInfo(query.Type).Properties)
        .Select(property => WithExample(new JsonObject
        {
            ["name"] = property.Name,
            ["in"] = "query",
            ["required"] = property.IsRequired,
            [IsJson(property) ? "content" : "schema"] = IsJson(property) ? new JsonObject { [Json] = new JsonObject { ["schema"] = schemas.Of(property.PropertyType) } } : schemas.Of(property.PropertyType),
        }));

    private JsonObject WithExample(JsonObject parameter)
    {
        if (_examples.Where(example => example.Status < 300).Select(example => example.ValueOf((string)parameter["name"]!)).FirstOrDefault(value => value is not null) is { } value)
        {
            parameter["example"] = value;
        }

        return parameter;
    }

    private static bool IsJson(JsonPropertyInfo property) => BillingJson.Options.GetTypeInfo(property.PropertyType).Kind is JsonTypeInfoKind.Object;

    private JsonObject? RequestBody()
    {
        var content = new JsonObject();
        foreach (var body in endpoint.Metadata.GetOrderedMetadata<BodyType>())
        {
            var form = new JsonObject { ["schema"] = body.Partial ? schemas.PartOf(body.Type) : schemas.Of(body.Type) };
            content[body.ContentType] = Shown(form, example => example.ContentType == body.ContentType, example => example.Body);
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
            responses[answer.StatusCode.ToString(CultureInfo.InvariantCulture)] = Response("Done", IsEnveloped && type is Json ? schemas.Enveloped(answer.Type!) : schemas.Of(answer.Type!), type);
        }

        if (endpoint.Metadata.GetMetadata<FileType>() is { } file)
        {
            responses["200"] = Response("The file", new JsonObject { ["type"] = "string", ["format"] = "binary" }, file.ContentType.Split(';')[0]);
        }

        if (IsEnveloped)
        {
            foreach (var (status, meaning) in Refusals())
            {
                responses[status] = Response(meaning, new JsonObject { ["$ref"] = "#/components/schemas/Error" });
            }

            foreach (var status in General())
            {
                // What was refused so in an example of its own is shown with it.
                responses[status] = _examples.Any(example => example.Status.ToString(CultureInfo.InvariantCulture) == status)
                    ? Response(OpenApiRefusals.MeaningOf(status), new JsonObject { ["$ref"] = "#/components/schemas/Error" })
                    : OpenApiRefusals.Of(status);
            }
        }

        foreach (var (status, response) in responses.Where(response => response.Value!["content"]?[Json] is not null))
        {
            Shown(response!["content"]![Json]!.AsObject(), example => example.Status == int.Parse(status, CultureInfo.InvariantCulture), example => example.Answer);
        }

        return responses;
    }

    private bool TakesBody => endpoint.Metadata.GetMetadata<BodyType>() is not null;

    private IEnumerable<(string Status, string Meaning)> Refusals()
    {
        yield return ("400", "VAL_001: the request is malformed or breaks a rule");
        if (_examples.Any(example => example.Status == StatusCodes.Status402PaymentRequired))
        {
            yield return ("402", "LIM_001: a limit or quota forbids it");
        }

        yield return ("404", "RES_001: there is no such object");
        if (method is not "GET")
        {
            yield return ("409", "CON_001: the state does not allow it, or someone else was faster; IDM_001: the idempotency key was used for another request");
        }
    }

    private IEnumerable<string> General() => TakesBody ? ["401", "403", "413", "415", "429", "500", "503"] : ["401", "403", "429", "500", "503"];

    // A request and its answer have one name.
    private JsonObject Shown(JsonObject content, Func<OpenApiExample, bool> isMeant, Func<OpenApiExample, JsonNode?> part)
    {
        var shown = new JsonObject();
        foreach (var (i, example) in _examples.Index().Where(item => isMeant(item.Item) && part(item.Item) is not null))
        {
            shown[$"example-{i + 1}"] = new JsonObject { ["summary"] = example.Line(prefix!), ["description"] = $"Answered with {example.Status}.", ["value"] = part(example)!.DeepClone() };
        }

        if (shown.Count > 0)
        {
            content["examples"] = shown;
        }

        return content;
    }

    private static JsonObject Response(string description, JsonNode schema, string contentType = Json) => new()
    {
        ["description"] = description,
        ["content"] = new JsonObject { [contentType] = new JsonObject { ["schema"] = schema } },
    };
}
