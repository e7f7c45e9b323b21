using System.Text;
using BillApis.Metering;

namespace BillApis;

/// <summary>Makes text that came from outside storable, where refusing the event would lose it.</summary>
internal static class SafeText
{
    /// <summary>A text as a property can hold it: cut to its limit, and U+FFFD for what is not Unicode.</summary>
    public static string Value(string text) =>
        EventText.Value("", text) is null ? text
        : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text[..Math.Min(text.Length, Limits.PropertyLength)])).Replace('\0', '\ufffd');

    /// <summary>A name or an id as it is, or null where no event may have it.</summary>
    public static string? Code(string? text) => EventText.Code("", text) is null ? text : null;
}
