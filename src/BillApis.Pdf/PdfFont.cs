namespace BillApis.Pdf;

/// <summary>A typeface as TrueType files, for letters that the one that comes with this package lacks.</summary>
/// <param name="Name">Its name, unlike those of other typefaces.</param>
/// <param name="Regular">The file of its normal letters.</param>
/// <param name="Bold">The file of its bold letters; the normal ones where there is none.</param>
public sealed record PdfFont(string Name, ReadOnlyMemory<byte> Regular, ReadOnlyMemory<byte>? Bold = null)
{
    private readonly Lazy<GlyphCoverage> _coverage = new(() => GlyphCoverage.Of(Regular.Span));

    /// <summary>Inter, which comes with this package: Latin, Greek and Cyrillic letters and the signs of currencies.</summary>
    public static PdfFont Inter { get; } = InterFont.Load();

    /// <summary>Whether it has a glyph for every letter of a text.</summary>
    public bool Covers(string text) => _coverage.Value.Covers(text);

    internal byte[] FileOf(bool bold) => (bold ? Bold ?? Regular : Regular).ToArray();
}
