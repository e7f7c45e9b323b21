using System.Text.Json;

namespace BillApis.Host.Tests.Security;

/// <summary>One operation of the OpenAPI document, and how to call it.</summary>
internal sealed record Operation(HttpMethod Method, string Path, JsonElement Described, JsonElement Schemas)
{
    private const string Prefix = "/api/v1";
    private const string Json = "application/json";
    private static int _count;

    public bool IsOpen => Described.TryGetProperty("security", out var security) && security.GetArrayLength() == 0;

    public string? Permission => Described.TryGetProperty("x-permission", out var permission) ? permission.GetString() : null;

    public bool IsForOperator => Described.TryGetProperty("x-operator", out _);

    /// <summary>Whether it is for the people of customers.</summary>
    public bool IsForPortal => Described.TryGetProperty("x-realm", out _);

    /// <summary>Whether it answers with JSON and no stream or file.</summary>
    public bool AnswersJson => Described.GetProperty("responses").EnumerateObject().Where(answer => answer.Name[0] == '2').All(answer => answer.Value.GetProperty("content").TryGetProperty(Json, out _));

    public bool TakesPath => Path.Contains('{', StringComparison.Ordinal);

    /// <summary>Whether it answers in pages.</summary>
    public bool Pages => Described.GetProperty("parameters").EnumerateArray().Any(parameter => parameter.GetProperty("name").GetString() == "limit");

    public override string ToString() => $"{Method} {Path}";

    public static async Task<List<Operation>> AllAsync(HttpClient client)
    {
        var document = JsonElement.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken));
        var schemas = document.GetProperty("components").GetProperty("schemas");
        return [.. document.GetProperty("paths").EnumerateObject().Where(path => path.Name.StartsWith(Prefix, StringComparison.Ordinal))
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => new Operation(new HttpMethod(operation.Name.ToUpperInvariant()), path.Name[Prefix.Length..], operation.Value, schemas)))];
    }

    /// <summary>The path with one reference in the place of every parameter.</summary>
    public string At(string reference) => System.Text.RegularExpressions.Regex.Replace(Path, @"\{[^}]+\}", Uri.EscapeDataString(reference));

    /// <summary>The query parameters that refer to something.</summary>
    public IEnumerable<string> References => !Described.TryGetProperty("parameters", out var parameters) ? [] : parameters.EnumerateArray()
        .Where(parameter => parameter.GetProperty("in").GetString() == "query").Select(parameter => parameter.GetProperty("name").GetString()!).Where(IsReference);

    /// <summary>A body with every required field and every reference, or null where there is none to send.</summary>
    public string? Body(string reference) =>
        Described.TryGetProperty("requestBody", out var body) && body.GetProperty("content").TryGetProperty(Json, out var json) && Value("", json.GetProperty("schema"), reference, 0) is { } value
            ? JsonSerializer.Serialize(value) : null;

    public bool RefersInBody => Body("the-reference")?.Contains("the-reference", StringComparison.Ordinal) == true;

    private static bool IsReference(string name) => (name.EndsWith("_id", StringComparison.Ordinal) && name is not "external_id") || name.EndsWith("_ids", StringComparison.Ordinal) || name is "customers" or "plan" or "feature";

    private object? Value(string name, JsonElement schema, string reference, int depth)
    {
        if (schema.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }

        if (schema.TryGetProperty("$ref", out var target))
        {
            return depth > 4 ? null : Value(name, Schemas.GetProperty(target.GetString()!.Split('/')[^1]), reference, depth + 1);
        }

        if (schema.TryGetProperty("anyOf", out var any))
        {
            return Value(name, any[0], reference, depth);
        }

        if (schema.TryGetProperty("examples", out var examples))
        {
            return examples[0];
        }

        return TypeOf(schema) switch
        {
            "object" => Fields(schema, reference, depth),
            "array" => depth > 4 ? null : new[] { Value(name, schema.TryGetProperty("items", out var items) ? items : JsonElement.Parse("""{"type":"string"}"""), reference, depth + 1) },
            "boolean" => true,
            "integer" or "number" => 1,
            "string" when schema.TryGetProperty("enum", out var names) => names[0],
            "string" when schema.TryGetProperty("format", out var format) && format.GetString() == "date-time" => "2026-01-01T00:00:00Z",
            "string" => IsReference(name) ? reference : $"word-{Interlocked.Increment(ref _count)}",
            _ => null,
        };
    }

    private Dictionary<string, object?> Fields(JsonElement schema, string reference, int depth)
    {
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(item => item.GetString()!).ToHashSet() : [];
        return !schema.TryGetProperty("properties", out var properties) ? [] : properties.EnumerateObject()
            .Select(property => (property.Name, Value: Value(property.Name, property.Value, reference, depth + 1)))
            .Where(field => field.Value is not null && (required.Contains(field.Name) || IsReference(field.Name) || (field.Value is not string && JsonSerializer.Serialize(field.Value).Contains(reference, StringComparison.Ordinal))))
            .ToDictionary(field => field.Name, field => field.Value);
    }

    private static string? TypeOf(JsonElement schema) => !schema.TryGetProperty("type", out var type) ? null : type.ValueKind is JsonValueKind.Array ? type[0].GetString() : type.GetString();
}
