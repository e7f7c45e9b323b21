using System.Text.Json.Nodes;

namespace BillApis.AspNetCore;

/// <summary>The OpenAPI document in the terms in which people read it.</summary>
internal sealed class ApiReference(JsonObject document)
{
    private const string Json = "application/json";

    /// <summary>The operations by what they are about, in the document's order.</summary>
    public IEnumerable<IGrouping<string, ReferenceOperation>> Operations => document["paths"]!.AsObject()
        .SelectMany(path => path.Value!.AsObject().Select(operation => Read(operation.Key.ToUpperInvariant(), path.Key, operation.Value!.AsObject())))
        .GroupBy(operation => operation.Tag).OrderBy(group => group.Key, StringComparer.Ordinal);

    /// <summary>Every type that an operation takes or answers with, and its fields.</summary>
    public IEnumerable<(string Name, IReadOnlyList<ReferenceField> Fields)> Types =>
        document["components"]!["schemas"]!.AsObject().Select(schema => (schema.Key, FieldsOf(schema.Value!.AsObject())));

    private static ReferenceOperation Read(string method, string path, JsonObject operation)
    {
        var needs = operation["x-permission"] is { } own && operation["x-realm"] is not null ? $"a portal user, or a customer's own API key with {own}"
            : operation["x-permission"] is { } permission ? $"permission {permission}{(operation["x-operator"] is null ? "" : ", of the operator")}"
            : operation["security"] is JsonArray { Count: 0 } ? "nothing: anybody may call it"
            : operation["x-realm"] is null ? "a signed-in user" : "a portal user";
        var parameters = operation["parameters"]!.AsArray().Select(item => item!.AsObject()).Where(item => (string)item["in"]! == "query")
            .Select(item => new ReferenceField((string)item["name"]!, TypeOf(item["schema"] ?? item["content"]![Json]!["schema"]), (bool)item["required"]!));
        var bodies = operation["requestBody"]?["content"]!.AsObject().Select(body => $"{TypeOf(body.Value!["schema"])}{(body.Key == Json ? "" : $" as {body.Key}")}") ?? [];
        var answers = operation["responses"]!.AsObject().Where(answer => answer.Key[0] == '2')
            .SelectMany(answer => answer.Value!["content"]!.AsObject().Select(content => $"{answer.Key} {(content.Key == Json ? TypeOf(content.Value!["schema"]!["properties"]?["payload"] ?? content.Value["schema"]) : content.Key)}"));
        return new ReferenceOperation(method, path, (string)operation["tags"]!.AsArray().FirstOrDefault()! ?? "Health", (string)operation["summary"]!, needs, [.. parameters], [.. bodies], [.. answers], [.. ExamplesOf(operation)]);
    }

    private static IEnumerable<ReferenceExample> ExamplesOf(JsonObject operation)
    {
        var bodies = Examples(operation["requestBody"]?["content"]).ToDictionary(example => example.Key, example => example.Value, StringComparer.Ordinal);
        foreach (var (status, response) in operation["responses"]!.AsObject())
        {
            foreach (var (name, answer) in Examples(response!["content"]))
            {
                yield return new ReferenceExample((string)answer!["summary"]!, bodies.GetValueOrDefault(name)?["value"], status, answer["value"]!);
            }
        }
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Examples(JsonNode? content) =>
        content?.AsObject().SelectMany(kind => kind.Value!["examples"]?.AsObject() ?? []) ?? [];

    private static IReadOnlyList<ReferenceField> FieldsOf(JsonObject schema)
    {
        var required = schema["required"]?.AsArray().Select(name => (string)name!).ToHashSet(StringComparer.Ordinal) ?? [];
        return [.. schema["properties"]?.AsObject().Select(field => new ReferenceField(field.Key, TypeOf(field.Value), required.Contains(field.Key))) ?? []];
    }

    private static string TypeOf(JsonNode? node) => node switch
    {
        JsonObject schema when schema["$ref"] is { } target => ((string)target!).Split('/')[^1],
        JsonObject schema when schema["anyOf"] is JsonArray any => string.Join(" or ", any.Select(TypeOf)),
        JsonObject schema when schema["enum"] is JsonArray names => string.Join(" | ", names.Select(name => name is null ? "null" : (string)name!)),
        JsonObject schema when schema["format"] is { } format && (string)format! is "decimal" or "date-time" => (string)format! + (AllowsNull(schema) ? " or null" : ""),
        JsonObject schema when schema["items"] is { } items => $"list of {TypeOf(items)}{(AllowsNull(schema) ? " or null" : "")}",
        JsonObject schema when schema["additionalProperties"] is JsonObject values => $"map of {TypeOf(values)}",
        JsonObject schema when schema["type"] is JsonArray several => string.Join(" or ", several.Select(item => (string)item!)),
        JsonObject schema when schema["type"] is { } type => (string)type!,
        _ => "any",
    };

    private static bool AllowsNull(JsonObject schema) => schema["type"] is JsonArray several && several.Any(item => (string)item! == "null");
}

/// <summary>One operation.</summary>
internal sealed record ReferenceOperation(
    string Method, string Path, string Tag, string Summary, string Needs, IReadOnlyList<ReferenceField> Parameters, IReadOnlyList<string> Bodies, IReadOnlyList<string> Answers, IReadOnlyList<ReferenceExample> Examples);

/// <summary>A request and the answer that it had.</summary>
internal sealed record ReferenceExample(string Line, JsonNode? Body, string Status, JsonNode Answer);

/// <summary>One field of a type, or one parameter.</summary>
internal sealed record ReferenceField(string Name, string Type, bool IsRequired);
