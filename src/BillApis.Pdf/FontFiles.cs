using System.Collections.Concurrent;
using PdfSharp.Fonts;

namespace BillApis.Pdf;

/// <summary>Hands font files to PDFsharp under names of its own, behind whatever else the process resolves fonts by.</summary>
internal sealed class FontFiles : IFontResolver
{
    private const string Prefix = "billapis:";
    private const string Bold = ":bold";
    private static readonly FontFiles Instance = new();
    private static readonly Lock Gate = new();
    private readonly ConcurrentDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private IFontResolver? _others;

    /// <summary>The name that PDFsharp knows a font by from here on.</summary>
    public static string Add(PdfFont font)
    {
        lock (Gate)
        {
            if (GlobalFontSettings.FallbackFontResolver is not FontFiles)
            {
                Instance._others = GlobalFontSettings.FallbackFontResolver;
                GlobalFontSettings.FallbackFontResolver = Instance;
            }
        }

        var family = Prefix + font.Name;
        _ = Instance._files.GetOrAdd(family, _ => font.Regular.ToArray());
        if (font.Bold is { } bold && !bold.Span.SequenceEqual(font.Regular.Span))
        {
            _ = Instance._files.GetOrAdd(family + Bold, _ => bold.ToArray());
        }

        return family;
    }

    public FontResolverInfo? ResolveTypeface(string familyName, bool isBold, bool isItalic) => familyName.StartsWith(Prefix, StringComparison.Ordinal)
        ? isBold && _files.ContainsKey(familyName + Bold) ? new FontResolverInfo(familyName + Bold) : new FontResolverInfo(familyName, mustSimulateBold: isBold, mustSimulateItalic: false)
        : _others?.ResolveTypeface(familyName, isBold, isItalic);

    public byte[]? GetFont(string faceName) => _files.TryGetValue(faceName, out var file) ? file : _others?.GetFont(faceName);
}
