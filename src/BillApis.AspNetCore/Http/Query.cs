using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace BillApis.AspNetCore;

/// <summary>The query of a request, read and checked like a body.</summary>
internal sealed record Query<T>(T Value) : IEndpointParameterMetadataProvider
{
    public static ValueTask<Query<T>?> BindAsync(HttpContext context, ParameterInfo parameter) => ValueTask.FromResult<Query<T>?>(new Query<T>(Of(context)));

    /// <exception cref="BillingException">At least one parameter is refused.</exception>
    public static T Of(HttpContext context)
    {
        var types = BillingJson.Options.GetTypeInfo(typeof(T)).Properties.ToDictionary(property => property.Name, property => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
        var fields = new JsonObject();
        foreach (var (name, values) in context.Request.Query)
        {
            fields[name] = values.Count == 1
                ? Literal(name, values[0]!, types.GetValueOrDefault(name, typeof(string)))
                : throw BillingException.Field(name, "must be given once");
        }

        return JsonContract.Read<T>(JsonSerializer.SerializeToElement(fields));
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(new QueryType(typeof(T)));

    // Everything in a query is text; what is not the number or the truth value that is asked for stays text, and is refused as such. An object is JSON.
    private static JsonNode? Literal(string name, string text, Type type) =>
        BillingJson.Options.GetTypeInfo(type).Kind is JsonTypeInfoKind.Object ? JsonNode.Parse((JsonBody.TryParse(Encoding.UTF8.GetBytes(text)) ?? throw BillingException.Field(name, "must be a JSON object")).GetRawText())
        : type == typeof(int) && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number)
        : type == typeof(bool) && bool.TryParse(text, out var truth) ? JsonValue.Create(truth)
        : JsonValue.Create(text);
}

/// <summary>What a request's query holds; told to the OpenAPI document.</summary>
internal sealed record QueryType(Type Type);

/// <summary>The part of a list's query that says which page.</summary>
internal record Paging
{
    /// <summary>How many items the page holds, 1 to 500.</summary>
    public int? Limit { get; init; }

    /// <summary>The next_cursor of the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>The same in the stores' terms.</summary>
    public StoreQuery ToStoreQuery()
    {
        Check.Range("limit", Limit ?? 1, 1, Limits.PageSize);
        return new StoreQuery { Limit = Limit ?? Limits.DefaultPageSize, After = AspNetCore.Cursor.Read(Cursor) };
    }
}
