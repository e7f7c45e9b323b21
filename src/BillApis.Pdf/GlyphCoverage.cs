using System.Buffers.Binary;
using System.Text;

namespace BillApis.Pdf;

/// <summary>The letters that a TrueType font has glyphs for, from its table <c>cmap</c>.</summary>
internal sealed class GlyphCoverage
{
    private readonly List<(uint First, uint Last)> _ranges = [];

    /// <summary>Whether a file is one TrueType font: its outlines are in a table <c>glyf</c>, its letters in <c>cmap</c>.</summary>
    public static bool IsTrueType(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12 || U32(file, 0) is not (0x00010000 or 0x74727565) || file.Length < 12 + (16 * U16(file, 4)))
        {
            return false;
        }

        var tags = new HashSet<uint>();
        for (var i = 0; i < U16(file, 4); i++)
        {
            tags.Add(U32(file, 12 + (16 * i)));
        }

        return tags.IsSupersetOf([0x676C7966u, 0x636D6170u]);
    }

    /// <summary>Reads the segments of Unicode in the formats 4 and 12.</summary>
    public static GlyphCoverage Of(ReadOnlySpan<byte> font)
    {
        var coverage = new GlyphCoverage();
        var cmap = TableOf(font, "cmap"u8);
        for (var i = 0; i < U16(cmap, 2); i++)
        {
            var table = cmap[(int)U32(cmap, 4 + (8 * i) + 4)..];
            switch (U16(table, 0))
            {
                case 4:
                    coverage.AddSegments(table);
                    break;
                case 12:
                    coverage.AddGroups(table);
                    break;
            }
        }

        return coverage;
    }

    public bool Covers(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!_ranges.Exists(range => rune.Value >= range.First && rune.Value <= range.Last))
            {
                return false;
            }
        }

        return true;
    }

    private void AddSegments(ReadOnlySpan<byte> table)
    {
        var count = U16(table, 6);
        for (var i = 0; i < count; i += 2)
        {
            var (last, first) = (U16(table, 14 + i), U16(table, 16 + count + i));
            if (first != 0xFFFF)
            {
                _ranges.Add((first, last));
            }
        }
    }

    private void AddGroups(ReadOnlySpan<byte> table)
    {
        for (var i = 0; i < U32(table, 12); i++)
        {
            _ranges.Add((U32(table, 16 + (12 * i)), U32(table, 20 + (12 * i))));
        }
    }

    private static ReadOnlySpan<byte> TableOf(ReadOnlySpan<byte> font, ReadOnlySpan<byte> tag)
    {
        for (var i = 0; i < U16(font, 4); i++)
        {
            var entry = font[(12 + (16 * i))..];
            if (entry[..4].SequenceEqual(tag))
            {
                return font[(int)U32(entry, 8)..];
            }
        }

        throw new ArgumentException("The font is not a TrueType file: it has no table cmap.", nameof(font));
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
}
