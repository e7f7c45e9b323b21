using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace BillApis.Metering;

/// <summary>The values that a group of usage shares, for example <c>{"model":"small","region":null}</c>.</summary>
public sealed record Dimensions
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private Dimensions(string json) => Json = json;

    /// <summary>The group of usage that is not grouped.</summary>
    public static Dimensions None { get; } = new("{}");

    /// <summary>The one spelling of the group; its names stand in ordinal order.</summary>
    public string Json { get; }

    /// <summary>The value of each dimension; null where the events have none.</summary>
    public ImmutableSortedDictionary<string, string?> Values() =>
        JsonSerializer.Deserialize<Dictionary<string, string?>>(Json, Plain)!.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>The group of these values.</summary>
    public static Dimensions Of(IEnumerable<KeyValuePair<string, string?>> values)
    {
        var sorted = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in values)
        {
            sorted.Add(name, value);
        }

        return sorted.Count == 0 ? None : new Dimensions(JsonSerializer.Serialize(sorted, Plain));
    }

    /// <summary>The group that an event belongs to.</summary>
    internal static Dimensions Of(IReadOnlyList<string> names, UsageProperties properties)
    {
        if (names.Count == 0)
        {
            return None;
        }

        // One dimension of plain letters is the usual case, and is spelt at once.
        return names is [var only] && properties[only] is { Kind: not PropertyKind.Null } value && JsonText.IsPlain(only) && JsonText.IsPlain(value.Text)
            ? new Dimensions($"{{\"{only}\":\"{value.Text}\"}}")
            : Of(names.Select(name => KeyValuePair.Create(name, properties[name] is { Kind: not PropertyKind.Null } value ? value.Text : null)));
    }

    /// <summary>The wider group of only some of the dimensions.</summary>
    internal Dimensions Only(IReadOnlyCollection<string> names) => names.Count == 0 ? None : Of(Values().Where(item => names.Contains(item.Key)));

    /// <summary>Reads what <see cref="Json"/> wrote.</summary>
    internal static Dimensions Parse(string json) => json == None.Json ? None : new Dimensions(json);

    /// <summary>Returns <see cref="Json"/>.</summary>
    public override string ToString() => Json;
}
