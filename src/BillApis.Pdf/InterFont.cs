using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace BillApis.Pdf;

/// <summary>Takes the files of Inter out of the assembly that its package keeps them in.</summary>
internal static class InterFont
{
    private const string Regular = "/Assets/Inter-Regular.ttf";
    private const string Bold = "/Assets/Inter-SemiBold.ttf";

    public static PdfFont Load()
    {
        using var stream = typeof(InterFont).Assembly.GetManifestResourceStream("Inter")!;
        using var assembly = new PEReader(stream);
        var metadata = assembly.GetMetadataReader();
        var resource = metadata.ManifestResources.Select(metadata.GetManifestResource).Single();
        var reader = assembly.GetSectionData(assembly.PEHeaders.CorHeader!.ResourcesDirectory.RelativeVirtualAddress).GetReader();
        reader.Offset = (int)resource.Offset;
        var files = FilesOf(reader.ReadBytes(reader.ReadInt32()));
        return new PdfFont("Inter", files[Regular], files[Bold]);
    }

    // An index of names, offsets and lengths, and the files behind it.
    private static Dictionary<string, byte[]> FilesOf(byte[] packed)
    {
        using var reader = new BinaryReader(new MemoryStream(packed), Encoding.UTF8);
        var start = reader.ReadInt32() + sizeof(int);
        _ = reader.ReadInt32();
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            var (name, offset, length) = (reader.ReadString(), reader.ReadInt32(), reader.ReadInt32());
            files[name] = packed[(start + offset)..(start + offset + length)];
        }

        return files;
    }
}
