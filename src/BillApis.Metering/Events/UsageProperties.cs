using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillApis.Metering;

/// <summary>What an event says beside who and when: names to JSON scalars, in the order of the names; equal where the content is.</summary>
[JsonConverter(typeof(UsagePropertiesJson))]
public sealed class UsageProperties : IEquatable<UsageProperties>
{
    private UsageProperties(ImmutableArray<KeyValuePair<string, PropertyValue>> sorted) => Items = sorted;

    /// <summary>No properties.</summary>
    public static UsageProperties None { get; } = new([]);

    /// <summary>Each name and its value, in the ordinal order of the names.</summary>
    public ImmutableArray<KeyValuePair<string, PropertyValue>> Items { get; }

    /// <summary>The value of a name; null where there is none.</summary>
    public PropertyValue this[string name]
    {
        get
        {
            foreach (var (key, value) in Items)
            {
                if (string.Equals(key, name, StringComparison.Ordinal))
                {
                    return value;
                }
            }

            return default;
        }
    }

    /// <summary>Properties from names and values, for example <c>Of(("model", "small"), ("tokens", 12))</c>.</summary>
    /// <exception cref="ArgumentException">A name is there twice.</exception>
    public static UsageProperties Of(params (string Name, PropertyValue Value)[] items) => Of(items.Select(item => KeyValuePair.Create(item.Name, item.Value)));

    /// <summary>Properties from names and values, in any order.</summary>
    /// <exception cref="ArgumentException">A name is there twice.</exception>
    public static UsageProperties Of(IEnumerable<KeyValuePair<string, PropertyValue>> items)
    {
        return TryOf([.. items], out var twice) ?? throw new ArgumentException($"'{twice}' is there twice.", nameof(items));
    }

    /// <summary>Properties from names and values that are the method's to sort, which few are worth more than insertion; null where a name is there twice.</summary>
    internal static UsageProperties? TryOf(KeyValuePair<string, PropertyValue>[] items, out string? twice)
    {
        twice = null;
        for (var i = 1; i < items.Length; i++)
        {
            var item = items[i];
            var at = i;
            for (; at > 0 && string.CompareOrdinal(items[at - 1].Key, item.Key) is var order and >= 0; at--)
            {
                if (order == 0)
                {
                    twice = item.Key;
                    return null;
                }

                items[at] = items[at - 1];
            }

            items[at] = item;
        }

        return items.Length == 0 ? None : new UsageProperties(ImmutableCollectionsMarshal.AsImmutableArray(items));
    }

    /// <inheritdoc/>
    public bool Equals(UsageProperties? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as UsageProperties);

    /// <inheritdoc/>
    public override int GetHashCode() => Items.Aggregate(Items.Length, (hash, item) => HashCode.Combine(hash, item.Key, item.Value));

    /// <summary>The JSON object, for example <c>{"model":"small","tokens":12}</c>.</summary>
    public override string ToString() => IsPlain() ? Plain() : JsonSerializer.Serialize(this, BillingJson.Options);

    private bool IsPlain()
    {
        foreach (var (name, value) in Items)
        {
            if (!JsonText.IsPlain(name) || (value.Kind is PropertyKind.Text && !JsonText.IsPlain(value.Text)))
            {
                return false;
            }
        }

        return true;
    }

    // Texts of letters that JSON never escapes, as nearly all are, are spelt at once.
    private string Plain()
    {
        var json = new DefaultInterpolatedStringHandler(2, 0, CultureInfo.InvariantCulture, stackalloc char[512]);
        json.AppendLiteral("{");
        foreach (var (name, value) in Items)
        {
            json.AppendLiteral(json.Text.Length == 1 ? "\"" : ",\"");
            json.AppendLiteral(name);
            json.AppendLiteral(value.Kind is PropertyKind.Text ? "\":\"" : "\":");
            json.AppendLiteral(value.Kind is PropertyKind.Null ? "null" : value.Text);
            json.AppendLiteral(value.Kind is PropertyKind.Text ? "\"" : "");
        }

        json.AppendLiteral("}");
        return json.ToStringAndClear();
    }
}

/// <summary>What JSON spells as it is.</summary>
internal static class JsonText
{
    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/ ");

    /// <summary>Whether no letter of a text is ever escaped.</summary>
    public static bool IsPlain(string text) => !text.AsSpan().ContainsAnyExcept(Plain);
}

internal sealed class UsagePropertiesJson : JsonConverter<UsageProperties>
{
    private static readonly PropertyValueJson Values = new();

    public override UsageProperties Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            throw new JsonException("is not an object of names and values");
        }

        var items = new List<KeyValuePair<string, PropertyValue>>();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            items.Add(KeyValuePair.Create(name, Values.Read(ref reader, typeof(PropertyValue), options)));
        }

        try
        {
            return UsageProperties.Of(items);
        }
        catch (ArgumentException exception)
        {
            throw new JsonException("has a name twice", exception);
        }
    }

    public override void Write(Utf8JsonWriter writer, UsageProperties value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, item) in value.Items)
        {
            writer.WritePropertyName(name);
            Values.Write(writer, item, options);
        }

        writer.WriteEndObject();
    }
}
