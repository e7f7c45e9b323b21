using System.Text.Json;
using System.Text.Json.Nodes;

namespace BillApis.Auditing;

/// <summary>What changed from one stored form of a thing to the next: the fields that differ, with secrets masked.</summary>
internal static class AuditDiff
{
    public static (JsonElement? Before, JsonElement? After) Of(string? before, string? after)
    {
        var (old, next) = (Fields(before), Fields(after));
        var same = old is null || next is null ? [] : old.Where(field => next.TryGetPropertyValue(field.Key, out var value) && JsonNode.DeepEquals(field.Value, value)).Select(field => field.Key).ToHashSet(StringComparer.Ordinal);
        return (Kept(old, same), Kept(next, same));
    }

    // How often a thing was saved says nothing about it.
    private static JsonObject? Fields(string? body)
    {
        var fields = body is null ? null : JsonNode.Parse(body)!.AsObject();
        fields?.Remove("version");
        return fields;
    }

    private static JsonElement? Kept(JsonObject? fields, HashSet<string> same)
    {
        if (fields is null)
        {
            return null;
        }

        foreach (var name in same)
        {
            fields.Remove(name);
        }

        Mask(fields);
        return JsonSerializer.SerializeToElement(fields);
    }

    private static void Mask(JsonNode? node)
    {
        foreach (var (name, value) in (node as JsonObject ?? []).ToList())
        {
            if (Secrets.IsSecret(name) && value is not null)
            {
                node![name] = Secrets.Mask;
            }
            else
            {
                Mask(value);
            }
        }

        foreach (var item in node as JsonArray ?? [])
        {
            Mask(item);
        }
    }
}
