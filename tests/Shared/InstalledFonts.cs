namespace BillApis.Tests;

/// <summary>TrueType files of the machine, which <c>./test.sh</c> installs.</summary>
internal static class InstalledFonts
{
    private static readonly string[] Folders = ["/usr/share/fonts", "/usr/local/share/fonts"];

    public static string Devanagari => PathOf("Lohit-Devanagari.ttf");

    public static string Japanese => PathOf("ipaexg.ttf");

    private static string PathOf(string name) =>
        Folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, name, SearchOption.AllDirectories)).FirstOrDefault()
        ?? throw new InvalidOperationException($"The font {name} is not installed: ./test.sh installs it.");
}
