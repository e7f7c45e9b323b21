namespace BillApis.Pdf;

/// <summary>A typeface as TrueType files, for letters that the one that comes with this package lacks.</summary>
/// <param name="Name">Its name, unlike those of other typefaces.</param>
/// <param name="Regular">The file of its normal letters.</param>
/// <param name="Bold">The file of its bold letters; the normal ones, drawn thicker, where there is none.</param>
public sealed record PdfFont(string Name, ReadOnlyMemory<byte> Regular, ReadOnlyMemory<byte>? Bold = null)
{
    private readonly Lazy<GlyphCoverage> _coverage = new(() => GlyphCoverage.Of(Regular.Span));

    /// <summary>Inter, which comes with this package: Latin, Greek and Cyrillic letters and the signs of currencies.</summary>
    public static PdfFont Inter { get; } = InterFont.Load();

    /// <summary>Whether it has a glyph for every letter of a text.</summary>
    public bool Covers(string text) => _coverage.Value.Covers(text);

    /// <summary>Reads a font from TrueType files.</summary>
    /// <param name="regular">The file of its normal letters, which also names it.</param>
    /// <param name="bold">The file of its bold letters; null where there is none.</param>
    /// <exception cref="InvalidDataException">A file is not a TrueType font: a collection (.ttc) and fonts with PostScript outlines are not.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static PdfFont Read(string regular, string? bold = null)
    {
        var font = new PdfFont(Path.GetFileNameWithoutExtension(regular), Letters(regular), bold is null ? (ReadOnlyMemory<byte>?)null : Letters(bold));
        _ = font._coverage.Value;
        return font;

        static ReadOnlyMemory<byte> Letters(string file)
        {
            var content = File.ReadAllBytes(file);
            return GlyphCoverage.IsTrueType(content) ? content : throw new InvalidDataException($"'{file}' is not a TrueType font (.ttf)");
        }
    }
}
