using BillApis.Pdf;

namespace BillApis.Host;

/// <summary>The fonts for letters of PDF documents that the font which comes along lacks.</summary>
internal static class PdfSettings
{
    public const string Allowed = "TrueType files with semicolons between, each followed by a comma and the file of its bold letters where there is one, like deva.ttf,deva-bold.ttf;gothic.ttf";
    private const string Key = "Billing:Pdf:Fonts";

    public static IReadOnlyList<PdfFont> Read(IConfiguration billing) =>
        billing["Pdf:Fonts"] is { } value ? [.. value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(files => FontOf(value, files.Split(',', StringSplitOptions.TrimEntries)))] : [];

    private static PdfFont FontOf(string value, string[] files)
    {
        try
        {
            return files.Length <= 2 ? PdfFont.Read(files[0], files.ElementAtOrDefault(1)) : throw new SettingException(Key, value, Allowed);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SettingException(Key, value, $"{Allowed}: {exception.Message}");
        }
    }
}
