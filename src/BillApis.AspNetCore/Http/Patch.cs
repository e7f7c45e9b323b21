using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace BillApis.AspNetCore;

/// <summary>A change of some fields (RFC 7396): what is not sent stays, null takes a field away, objects are merged.</summary>
internal sealed record Patch<T>(JsonElement Sent) : IEndpointParameterMetadataProvider
{
    public static async ValueTask<Patch<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var sent = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        return sent.ValueKind is JsonValueKind.Object ? new Patch<T>(sent) : throw BillingException.Field("body", "must be an object");
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(new BodyType(typeof(T), Partial: true));

    /// <summary>The current form with the change on top, checked like a new one.</summary>
    public Body<T> Over(JsonNode current) => Body<T>.Of(JsonSerializer.SerializeToElement(Merge(current, Sent)));

    private static JsonNode? Merge(JsonNode? target, JsonElement change)
    {
        if (change.ValueKind is not JsonValueKind.Object)
        {
            return JsonNode.Parse(change.GetRawText());
        }

        var merged = target as JsonObject ?? [];
        foreach (var field in change.EnumerateObject())
        {
            if (field.Value.ValueKind is JsonValueKind.Null)
            {
                merged.Remove(field.Name);
            }
            else
            {
                var before = merged[field.Name];
                merged.Remove(field.Name);
                merged[field.Name] = Merge(before, field.Value);
            }
        }

        return merged;
    }
}
