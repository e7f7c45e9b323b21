using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace BillApis.Identity;

/// <summary>Secrets that nobody can guess: 256 random bits, of which only a hash is stored.</summary>
internal static class RandomSecret
{
    public const int Bytes = 32;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static string HashOf(string secret) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Compares in a time that does not depend on where the hashes differ; nothing has no hash.</summary>
    public static bool Matches(string secret, string? hash) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(HashOf(secret)), Encoding.ASCII.GetBytes(hash ?? ""));
}
