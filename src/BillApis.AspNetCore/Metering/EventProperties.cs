using System.Globalization;
using BillApis.Metering;

namespace BillApis.AspNetCore;

/// <summary>Collects what an event says, in the order of importance: what goes beyond the limit is left out, since a refused event would be a lost one.</summary>
internal sealed class EventProperties
{
    private readonly Dictionary<string, PropertyValue> _items = new(StringComparer.Ordinal);

    /// <summary>Whether something was left out.</summary>
    public bool IsFull { get; private set; }

    public void Set(string name, PropertyValue value)
    {
        if (_items.Count < Limits.PropertiesPerEvent || _items.ContainsKey(name))
        {
            _items[name] = value;
        }
        else
        {
            IsFull = true;
        }
    }

    /// <summary>Sets what nothing more important has set.</summary>
    public void SetIfAbsent(string name, PropertyValue value)
    {
        if (!_items.ContainsKey(name))
        {
            Set(name, value);
        }
    }

    /// <summary>Sets each header that was asked for and is there; with underscores, so that expressions can name the property without quotes.</summary>
    public void SetHeaders(string side, IEnumerable<string> names, Func<string, string?> read)
    {
        foreach (var name in names)
        {
            if (read(name) is { } value)
            {
                SetIfAbsent($"{side}_header_{name.ToLowerInvariant().Replace('-', '_')}", SafeText.Value(value));
            }
        }
    }

    public UsageProperties Build() => UsageProperties.Of(_items);

    /// <summary>A value of any type as an event can hold it: truth values and whole or decimal numbers as such, everything else as text.</summary>
    public static PropertyValue Of(object? value) => value switch
    {
        null => default,
        PropertyValue { Kind: PropertyKind.Text } property => SafeText.Value(property.Text),
        PropertyValue property => property,
        bool truth => truth,
        sbyte or byte or short or ushort or int or uint or long or ulong or decimal => PropertyValue.Number(Text(value)),
        _ => SafeText.Value(Text(value)),
    };

    /// <summary>Refuses a name that no property of an event may have.</summary>
    public static void CheckName(string name) =>
        _ = SafeText.Code(name) ?? throw new ArgumentException($"The name of a property has 1 to {Limits.CodeLength} characters, none of them a control character.", nameof(name));

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
