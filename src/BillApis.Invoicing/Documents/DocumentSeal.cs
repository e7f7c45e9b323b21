using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace BillApis.Invoicing;

/// <summary>Ties an issued document to all documents of its series before it.</summary>
/// <param name="Hash">SHA-256, in lower-case hexadecimal, over the previous hash and the document's canonical JSON.</param>
/// <param name="Previous">The hash of the document before it in the series; empty for the first that was sealed.</param>
public sealed record DocumentSeal(string Hash, string Previous)
{
    internal const int HashLength = 2 * SHA256.HashSizeInBytes;

    /// <summary>The seal of a document behind another.</summary>
    public static DocumentSeal Of(ReadOnlySpan<byte> canonical, string previous)
    {
        ArgumentNullException.ThrowIfNull(previous);
        var hashed = ArrayPool<byte>.Shared.Rent(previous.Length + 1 + canonical.Length);
        var length = Encoding.ASCII.GetBytes(previous, hashed);
        hashed[length++] = (byte)'\n';
        canonical.CopyTo(hashed.AsSpan(length));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(hashed.AsSpan(0, length + canonical.Length), hash);
        ArrayPool<byte>.Shared.Return(hashed);
        return new DocumentSeal(Convert.ToHexStringLower(hash), previous);
    }

    /// <summary>Whether it is the seal of a document.</summary>
    public bool Fits(ReadOnlySpan<byte> canonical) => Of(canonical, Previous).Hash == Hash;
}
