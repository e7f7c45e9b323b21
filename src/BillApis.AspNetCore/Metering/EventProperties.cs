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

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
