using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace BillApis.Identity;

/// <summary>Time-based one-time passwords (RFC 6238) as authenticator apps make them: HMAC-SHA-1, steps of 30 seconds, six digits.</summary>
internal static class Totp
{
    public const int Digits = 6;
    private const int SecretBytes = 20;
    private const int StepSeconds = 30;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretBytes);

    public static long StepAt(Instant at) => at.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The code of a step.</summary>
    public static string Code(ReadOnlySpan<byte> secret, long step, int digits = Digits)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // What the RFC and the apps use; as an HMAC it is sound.
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        var value = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 0x0f)..]) & int.MaxValue;
        var modulus = Enumerable.Repeat(10, digits).Aggregate(1, (product, ten) => product * ten);
        return (value % modulus).ToString($"D{digits}", CultureInfo.InvariantCulture);
    }

    /// <summary>The step that a code belongs to: of now, or one off, since clocks differ; later than the last one that was used. Null for a wrong code.</summary>
    public static long? Match(ReadOnlySpan<byte> secret, string code, Instant now, long lastStep)
    {
        long? found = null;
        for (var step = StepAt(now) - 1; step <= StepAt(now) + 1; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Code(secret, step)), Encoding.UTF8.GetBytes(code)) && step > lastStep)
            {
                found = step;
            }
        }

        return found;
    }

    /// <summary>The secret as it is typed into an app (RFC 4648, base 32).</summary>
    public static string Base32(ReadOnlySpan<byte> bytes)
    {
        var (text, bits, value) = (new StringBuilder(), 0, 0);
        foreach (var each in bytes)
        {
            (value, bits) = ((value << 8) | each, bits + 8);
            for (; bits >= 5; bits -= 5)
            {
                text.Append(Alphabet[(value >> (bits - 5)) & 31]);
            }
        }

        return bits == 0 ? text.ToString() : text.Append(Alphabet[(value << (5 - bits)) & 31]).ToString();
    }
}
