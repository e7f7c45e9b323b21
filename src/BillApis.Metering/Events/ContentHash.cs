using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace BillApis.Metering;

/// <summary>Tells whether two deliveries of an id are the same event: the first 128 bits of SHA-256 over what the sender said.</summary>
/// <remarks>The order of properties and the spelling of numbers do not count, and neither does the time of arrival that stands in for a missing timestamp.</remarks>
internal static class ContentHash
{
    private const int Bytes = 16;

    // Setting a hash up costs half as much as hashing an event: each thread keeps one.
    [ThreadStatic]
    private static IncrementalHash? _sha256;

    public static string Of(UsageEvent item)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[512]);
        Append(ref text, item.Type);
        Append(ref text, item.Customer);
        Append(ref text, item.Timestamp is { } at ? at.ToUnixTimeTicks().ToString(CultureInfo.InvariantCulture) : "");
        Append(ref text, item.SubscriptionId?.ToString() ?? "");
        foreach (var (name, value) in item.Properties.Items)
        {
            Append(ref text, name);
            text.AppendFormatted((int)value.Kind);
            Append(ref text, value.Text);
        }

        var hash = Hash(text.Text);
        text.Clear();
        return hash;
    }

    /// <summary>22 letters that stand for a text of any length.</summary>
    public static string Hash(ReadOnlySpan<char> text)
    {
        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var sha256 = _sha256 ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)));
        sha256.GetHashAndReset(hash);
        ArrayPool<byte>.Shared.Return(bytes);
        return Base64Url.EncodeToString(hash[..Bytes]);
    }

    // The length in front keeps two fields from being read as one.
    private static void Append(ref DefaultInterpolatedStringHandler text, string value)
    {
        text.AppendFormatted(value.Length);
        text.AppendLiteral(":");
        text.AppendLiteral(value);
    }
}
