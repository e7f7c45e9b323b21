using System.Text;

namespace BillApis.Metering;

/// <summary>Gives the same string for the same bytes: a delivery repeats its types, customers and property names in every event.</summary>
internal sealed class TextCache
{
    private const int Slots = 256;
    private const int MaxLength = 64;
    private readonly string?[] _known = new string?[Slots];

    /// <summary>The text of valid UTF-8.</summary>
    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is 0 or > MaxLength)
        {
            return utf8.IsEmpty ? "" : Encoding.UTF8.GetString(utf8);
        }

        ref var slot = ref _known[(utf8.Length * 31 + utf8[0] * 7 + utf8[utf8.Length / 2] * 17 + utf8[^1]) & (Slots - 1)];
        if (slot is null || !Ascii.Equals(utf8, slot))
        {
            slot = Encoding.UTF8.GetString(utf8);
        }

        return slot;
    }
}
