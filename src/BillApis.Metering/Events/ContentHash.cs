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

    // Setting a hash up costs half as much as hashing an event: each thread keeps one.
    [ThreadStatic]
    private static IncrementalHash? _sha256;

    public static string Of(UsageEvent item)
    {
        var text = new Utf8Text(stackalloc byte[512]);
        text.Append(item.Type);
        text.Append(item.Customer);
        text.Append(item.Timestamp is { } at ? at.ToUnixTimeTicks() : null);
        text.Append(item.SubscriptionId?.ToString() ?? "");
        foreach (var (name, value) in item.Properties.Items)
        {
            text.Append(name);
            text.Append((int)value.Kind);
            text.Append(value.Text);
        }

        var hash = Hash(text.Bytes);
        text.Dispose();
        return hash;
    }

    /// <summary>22 letters that stand for a text of any length.</summary>
    public static string Hash(ReadOnlySpan<char> text)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        var hash = Hash(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)));
        ArrayPool<byte>.Shared.Return(bytes);
        return hash;
    }

    private static string Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var sha256 = _sha256 ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(bytes);
        sha256.GetHashAndReset(hash);
        return Base64Url.EncodeToString(hash[..Bytes]);
    }

    /// <summary>Fields one after the other, written once.</summary>
    private ref struct Utf8Text(Span<byte> bytes)
    {
        private const int NumberLength = 20;
        private Span<byte> _bytes = bytes;
        private byte[]? _rented;
        private int _length;

        public readonly ReadOnlySpan<byte> Bytes => _bytes[.._length];

        // The length in front, in letters of UTF-16, keeps two fields from being read as one.
        public void Append(string value)
        {
            Append(value.Length);
            Append(':');
            Reserve(Encoding.UTF8.GetMaxByteCount(value.Length));
            _length += Encoding.UTF8.GetBytes(value, _bytes[_length..]);
        }

        /// <summary>The same as the text of the number.</summary>
        public void Append(long? value)
        {
            Span<byte> digits = stackalloc byte[NumberLength];
            var length = value is { } number && number.TryFormat(digits, out var written, default, CultureInfo.InvariantCulture) ? written : 0;
            Append(length);
            Append(':');
            Reserve(NumberLength);
            digits[..length].CopyTo(_bytes[_length..]);
            _length += length;
        }

        public void Append(int value)
        {
            Reserve(NumberLength);
            _ = value.TryFormat(_bytes[_length..], out var written, default, CultureInfo.InvariantCulture);
            _length += written;
        }

        public readonly void Dispose()
        {
            if (_rented is not null)
            {
                ArrayPool<byte>.Shared.Return(_rented);
            }
        }

        private void Append(char letter)
        {
            Reserve(1);
            _bytes[_length++] = (byte)letter;
        }

        private void Reserve(int length)
        {
            if (_length + length > _bytes.Length)
            {
                var more = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _bytes.Length, _length + length));
                Bytes.CopyTo(more);
                Dispose();
                _bytes = _rented = more;
            }
        }
    }
}
