using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace BillApis.AspNetCore;

/// <summary>Events as <c>text/csv</c> (RFC 4180): a header of field names, then one event a row; columns that are no field of an event are properties.</summary>
internal static partial class CsvDelivery
{
    private const string PropertyPrefix = "properties.";
    private static readonly string[] Fields = ["id", "type", "customer_id", "timestamp", "subscription_id", "source"];

    public static Delivery Read(ReadOnlyMemory<byte> bytes)
    {
        if (!Utf8.IsValid(bytes.Span))
        {
            throw BillingException.Field("body", "must be text in UTF-8");
        }

        var rows = CsvRows.Of(Encoding.UTF8.GetString(bytes.Span).TrimStart('\uFEFF')).GetEnumerator();
        if (!rows.MoveNext())
        {
            throw BillingException.Field("body", "must start with a header of field names");
        }

        var header = rows.Current;
        CheckHeader(header);
        var delivery = new Delivery();
        while (rows.MoveNext())
        {
            var (row, at) = (rows.Current, Array.IndexOf(header, "id"));
            delivery.Add(() => EventForm.Read(ToJson(header, row)), at >= 0 && at < row.Length ? row[at] : null);
        }

        return delivery;
    }

    private static void CheckHeader(string[] header)
    {
        foreach (var required in Fields[..3].Except(header))
        {
            throw BillingException.Field(required, "is required as a column");
        }

        if (header.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1 || group.Key.Length == 0) is { } wrong)
        {
            throw BillingException.Field("body", wrong.Key.Length == 0 ? "has a column without a name" : $"has the column '{wrong.Key}' twice");
        }
    }

    private static JsonElement ToJson(string[] header, string[] row)
    {
        if (row.Length != header.Length)
        {
            throw BillingException.Field("row", $"has {row.Length} values, but the header has {header.Length} columns");
        }

        var (item, properties) = (new JsonObject(), new JsonObject());
        foreach (var (name, value) in header.Zip(row).Where(pair => pair.Second.Length > 0))
        {
            if (Fields.Contains(name))
            {
                item[name] = value;
            }
            else
            {
                properties[name.StartsWith(PropertyPrefix, StringComparison.Ordinal) ? name[PropertyPrefix.Length..] : name] = NumberLiteral().IsMatch(value) ? JsonNode.Parse(value) : value;
            }
        }

        item["properties"] = properties;
        return JsonSerializer.SerializeToElement(item);
    }

    // What JSON would spell as a number is one, so that an event is the same in either form; "007" stays a text.
    [GeneratedRegex(@"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?$")]
    private static partial Regex NumberLiteral();
}
