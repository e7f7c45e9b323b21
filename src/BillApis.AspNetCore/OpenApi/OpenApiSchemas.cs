using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>The JSON schemas of the request and response types; each record is described once and referred to by name.</summary>
internal sealed class OpenApiSchemas
{
    private readonly SortedDictionary<string, JsonNode> _known = new(StringComparer.Ordinal);
    private readonly JsonSchemaExporterOptions _exporter;

    public OpenApiSchemas() => _exporter = new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform };

    public void Add(string name, JsonNode schema) => _known[name] = schema;

    public JsonNode Of(Type type) => BillingJson.Options.GetJsonSchemaAsNode(type, _exporter).DeepClone();

    /// <summary>The same type where every field may be left out.</summary>
    public JsonNode PartOf(Type type)
    {
        Of(type);
        var partial = _known[type.Name].DeepClone();
        partial.AsObject().Remove("required");
        var name = (type.Name.EndsWith("Request", StringComparison.Ordinal) ? type.Name[..^"Request".Length] : type.Name.EndsWith("Change", StringComparison.Ordinal) ? type.Name[..^"Change".Length] : type.Name) + "Patch";
        _known.TryAdd(name, partial);
        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    public static bool HasRequired(Type type) => BillingJson.Options.GetTypeInfo(type).Properties.Any(property => property.IsRequired);

    /// <summary>A payload in its envelope.</summary>
    public JsonNode Enveloped(Type type)
    {
        var isPage = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Page<>);
        var properties = new JsonObject
        {
            ["success"] = new JsonObject { ["const"] = true },
            ["error"] = new JsonObject { ["type"] = "null" },
            ["payload"] = isPage ? new JsonObject { ["type"] = "array", ["items"] = Of(type.GetGenericArguments()[0]) } : Of(type),
        };
        if (isPage)
        {
            properties["page"] = JsonNode.Parse("""{ "type": "object", "required": ["next_cursor", "has_more"], "properties": { "next_cursor": { "type": ["string", "null"] }, "has_more": { "type": "boolean" } } }""");
        }

        properties["input"] = new JsonObject { ["description"] = "The request body where it is JSON, or else the query; secrets are masked. Of a body of more than 65,536 bytes only its size: { \"omitted_bytes\": 70000 }." };
        return new JsonObject { ["type"] = "object", ["required"] = new JsonArray([.. properties.Select(property => JsonValue.Create(property.Key))]), ["properties"] = properties };
    }

    public JsonObject ToJson()
    {
        var schemas = new JsonObject();
        foreach (var (name, schema) in _known)
        {
            schemas[name] = schema.DeepClone();
        }

        return schemas;
    }

    private JsonNode Transform(JsonSchemaExporterContext context, JsonNode node)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var isNullable = Nullable.GetUnderlyingType(context.TypeInfo.Type) is not null || context.PropertyInfo is { IsGetNullable: true };
        if (Written(type) is { } written)
        {
            return isNullable ? OrNull(written) : written;
        }

        if (context.TypeInfo.ElementType is { } element && node is JsonObject several && Written(Nullable.GetUnderlyingType(element) ?? element) is { } item)
        {
            several[context.TypeInfo.Kind is JsonTypeInfoKind.Dictionary ? "additionalProperties" : "items"] ??= item;
        }

        if (context.TypeInfo.Kind is not JsonTypeInfoKind.Object || !IsOurs(type))
        {
            return node;
        }

        var described = node.DeepClone();
        described["type"] = "object";
        _known.TryAdd(type.Name, described);
        var reference = new JsonObject { ["$ref"] = $"#/components/schemas/{type.Name}" };
        return isNullable ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) } : reference;
    }

    private static bool IsOurs(Type type) => type.Assembly.GetName().Name!.StartsWith(nameof(BillApis), StringComparison.Ordinal);

    // Types with a converter of their own, which the exporter cannot look into.
    private static JsonObject? Written(Type type) =>
        type == typeof(decimal) ? new JsonObject { ["type"] = new JsonArray("number", "string"), ["format"] = "decimal" }
        : type == typeof(Instant) ? new JsonObject { ["type"] = "string", ["format"] = "date-time" }
        : type == typeof(Currency) ? new JsonObject { ["type"] = "string", ["description"] = "An ISO 4217 code.", ["examples"] = new JsonArray("USD") }
        : typeof(DateTimeZone).IsAssignableFrom(type) ? new JsonObject { ["type"] = "string", ["description"] = "An IANA time zone.", ["examples"] = new JsonArray("Europe/Paris") }
        : type == typeof(BillingAnchor) ? new JsonObject { ["type"] = new JsonArray("string", "object"), ["description"] = "subscription, calendar, or { \"day\": 1 to 31 }.", ["examples"] = new JsonArray("calendar", new JsonObject { ["day"] = 15 }) }
        : type == typeof(PropertyValue) ? new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") }
        : type == typeof(UsageProperties) ? new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = new JsonArray("string", "number", "boolean", "null") } }
        : type.IsEnum ? new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. JsonKind.Names(type).Select(name => JsonValue.Create(name))]) }
        : type.GetInterfaces().Any(item => item.IsGenericType && item.GetGenericTypeDefinition() == typeof(IEntityId<>)) ? new JsonObject { ["type"] = "string" }
        : null;

    private static JsonObject OrNull(JsonObject schema)
    {
        if (schema["enum"] is JsonArray names)
        {
            names.Add(null);
        }

        schema["type"] = schema["type"] is JsonArray several ? new JsonArray([.. several.Select(item => item!.DeepClone()), "null"]) : new JsonArray(schema["type"]!.GetValue<string>(), "null");
        return schema;
    }
}
