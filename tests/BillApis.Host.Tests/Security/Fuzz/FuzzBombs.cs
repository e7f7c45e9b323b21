using System.IO.Compression;

namespace BillApis.Host.Tests.Security.Fuzz;

/// <summary>Small packed bodies that unpack to far more than a request may hold, and packed bodies that are broken.</summary>
internal static class FuzzBombs
{
    private const int Unpacked = 200 * 1024 * 1024;
    private static readonly Lazy<byte[]> Gzip = new(() => Pack(stream => new GZipStream(stream, CompressionLevel.Fastest), Unpacked, null));
    private static readonly Lazy<byte[]> Brotli = new(() => Pack(stream => new BrotliStream(stream, CompressionLevel.Fastest), Unpacked, null));

    public static byte[] Next(Random random, byte[] body, out string coding)
    {
        var kind = random.Next(6);
        coding = kind is 1 or 3 ? "br" : "gzip";
        return kind switch
        {
            0 => Gzip.Value,
            1 => Brotli.Value,
            2 => Pack(stream => new GZipStream(stream, CompressionLevel.Fastest), 0, body),
            3 => Pack(stream => new BrotliStream(stream, CompressionLevel.Fastest), 0, body),
            4 => Cut(random, Pack(stream => new GZipStream(stream, CompressionLevel.Fastest), 0, body)),
            _ => Pack(stream => new GZipStream(stream, CompressionLevel.Fastest), 0, Gzip.Value),
        };
    }

    private static byte[] Cut(Random random, byte[] packed) => packed[..random.Next(packed.Length)];

    private static byte[] Pack(Func<Stream, Stream> coding, int spaces, byte[]? body)
    {
        using var packed = new MemoryStream();
        using (var stream = coding(packed))
        {
            var chunk = new byte[1024 * 1024];
            chunk.AsSpan().Fill((byte)' ');
            for (var written = 0; written < spaces; written += chunk.Length)
            {
                stream.Write(chunk);
            }

            stream.Write(body ?? []);
        }

        return packed.ToArray();
    }
}
