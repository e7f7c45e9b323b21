using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace BillApis.Metering;

/// <summary>Tells whether two deliveries of an id are the same event: the first 128 bits of SHA-256 over what the sender said.</summary>
/// <remarks>The order of properties and the spelling of numbers do not count, and neither does the time of arrival that stands in for a missing timestamp.</remarks>
internal static class ContentHash
{
    private const int Bytes = 16;

    public static string Of(UsageEvent item)
    {
        var text = new StringBuilder(256);
        Append(text, item.Type);
        Append(text, item.Customer);
        Append(text, item.Timestamp is { } at ? at.ToUnixTimeTicks().ToString(CultureInfo.InvariantCulture) : "");
        Append(text, item.SubscriptionId?.ToString() ?? "");
        foreach (var (name, value) in item.Properties.Items)
        {
            Append(text, name);
            text.Append((int)value.Kind);
            Append(text, value.Text);
        }

        return Hash(text.ToString());
    }

    /// <summary>22 letters that stand for a text of any length.</summary>
    public static string Hash(string text)
    {
        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)), hash);
        ArrayPool<byte>.Shared.Return(bytes);
        return Base64Url.EncodeToString(hash[..Bytes]);
    }

    // The length in front keeps two fields from being read as one.
    private static void Append(StringBuilder text, string value) => text.Append(CultureInfo.InvariantCulture, $"{value.Length}:").Append(value);
}
