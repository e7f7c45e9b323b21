using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace BillApis;

/// <summary>A typed id: a UUID version 7 written as <c>prefix_</c> and 26 characters of Crockford base32, lower case.</summary>
public interface IEntityId<TSelf> where TSelf : struct, IEntityId<TSelf>
{
    /// <summary>What the text form starts with, for example <c>inv</c>.</summary>
    static abstract string Prefix { get; }

    /// <summary>The 128 bits of the id.</summary>
    Guid Value { get; }

    /// <summary>The id of these bits.</summary>
    static abstract TSelf Of(Guid value);
}

/// <summary>Makes, writes and reads typed ids.</summary>
public static class EntityId
{
    private const int TextLength = 26;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    // 26 letters are two bits more than there are.
    private const char LargestFirst = '7';

    // Twelve letters are 60 bits: shifting a word is a fraction of shifting two.
    private const int LettersInWord = 12;
    private const byte None = byte.MaxValue;
    private static readonly byte[] DigitOf = [.. Enumerable.Range(0, Alphabet[^1] + 1).Select(letter => unchecked((byte)Alphabet.IndexOf((char)letter, StringComparison.Ordinal)))];
    private static long _last;

    /// <summary>A new id, greater than every id that this process made before (RFC 9562, 6.2, method 3).</summary>
    public static TId New<TId>() where TId : struct, IEntityId<TId>
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7().TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = BinaryPrimitives.ReadInt64BigEndian(bytes) >> 16;
        return TId.Of(Stamp(bytes, Next(milliseconds << 12)));
    }

    /// <summary>The one id that belongs to a cause, ordered by <paramref name="at"/>: the same arguments give the same id.</summary>
    /// <param name="at">The instant that the id is ordered by, to the millisecond.</param>
    /// <param name="cause">What the id stands for, for example a subscription and one of its boundaries.</param>
    public static TId Derive<TId>(Instant at, string cause) where TId : struct, IEntityId<TId>
    {
        ArgumentNullException.ThrowIfNull(cause);
        const int small = 256;
        var longest = Encoding.UTF8.GetMaxByteCount(TId.Prefix.Length + 1 + cause.Length);
        Span<byte> text = longest <= small ? stackalloc byte[small] : new byte[longest];
        var prefix = Encoding.UTF8.GetBytes(TId.Prefix, text);
        text[prefix] = (byte)'\n';
        var length = prefix + 1 + Encoding.UTF8.GetBytes(cause, text[(prefix + 1)..]);
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..length], bytes);
        var random = BinaryPrimitives.ReadInt16BigEndian(bytes[6..]) & 0xFFF;
        return TId.Of(Stamp(bytes[..16], (at.ToUnixTimeMilliseconds() << 12) | (long)random));
    }

    /// <summary>The text form: prefix, underscore and 26 characters.</summary>
    public static string Format<TId>(TId id) where TId : struct, IEntityId<TId> =>
        string.Create(LengthOf<TId>(), id, static (text, value) => Format(value, text));

    internal static int LengthOf<TId>() where TId : struct, IEntityId<TId> => TId.Prefix.Length + 1 + TextLength;

    internal static void Format<TId>(TId id, Span<char> text) where TId : struct, IEntityId<TId>
    {
        TId.Prefix.CopyTo(text);
        text[TId.Prefix.Length] = '_';
        Encode(BitsOf(id.Value), text[(TId.Prefix.Length + 1)..]);
    }

    /// <summary>The text form of 128 bits behind a prefix.</summary>
    public static string Format(string prefix, UInt128 bits)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        Span<char> text = stackalloc char[TextLength];
        Encode(bits, text);
        return $"{prefix}_{text}";
    }

    /// <summary>The 128 bits of an id's value.</summary>
    public static UInt128 BitsOf(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>Reads the text form; false for another prefix, length, letter or case.</summary>
    public static bool TryParse<TId>(string? text, out TId id) where TId : struct, IEntityId<TId> => TryParse<TId>(text.AsSpan(), out id);

    internal static bool TryParse<TId>(ReadOnlySpan<char> text, out TId id) where TId : struct, IEntityId<TId>
    {
        var read = TryParse(text, TId.Prefix, out var bits);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, bits);
        id = read ? TId.Of(new Guid(bytes, bigEndian: true)) : default;
        return read;
    }

    /// <summary>Reads the text form of an id with this prefix into its 128 bits; false for another prefix, length, letter or case.</summary>
    public static bool TryParse(string? text, ReadOnlySpan<char> prefix, out UInt128 bits) => TryParse(text.AsSpan(), prefix, out bits);

    private static bool TryParse(ReadOnlySpan<char> text, ReadOnlySpan<char> prefix, out UInt128 bits)
    {
        bits = 0;
        var start = prefix.Length + 1;
        if (text.Length != start + TextLength || text[start - 1] != '_' || !text.StartsWith(prefix, StringComparison.Ordinal) || text[start] > LargestFirst)
        {
            return false;
        }

        // The first two letters, and twice as many as a word holds.
        for (var end = start + (TextLength % LettersInWord); start < text.Length; (start, end) = (end, end + LettersInWord))
        {
            var word = 0UL;
            foreach (var letter in text[start..end])
            {
                if (letter >= DigitOf.Length || DigitOf[letter] is var digit && digit == None)
                {
                    return false;
                }

                word = (word << 5) | digit;
            }

            bits = (bits << (5 * (end - start))) | word;
        }

        return true;
    }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is not an id of this kind.</exception>
    public static TId Parse<TId>(string text) where TId : struct, IEntityId<TId> =>
        TryParse<TId>(text, out var id) ? id : throw new FormatException($"'{text}' is not an id like {TId.Prefix}_ and {TextLength} characters.");

    private static void Encode(UInt128 bits, Span<char> text)
    {
        for (var end = TextLength; end > 0; bits >>= 5 * LettersInWord)
        {
            var word = unchecked((ulong)bits);
            for (var stop = Math.Max(end - LettersInWord, 0); end > stop; word >>= 5)
            {
                text[--end] = Alphabet[(int)(word & 31)];
            }
        }
    }

    // 48 bits of milliseconds and 12 of a sequence stand before the random part, so that ids sort as they were made.
    private static long Next(long candidate)
    {
        while (true)
        {
            var last = Volatile.Read(ref _last);
            var next = Math.Max(candidate, last + 1);
            if (Interlocked.CompareExchange(ref _last, next, last) == last)
            {
                return next;
            }
        }
    }

    private static Guid Stamp(Span<byte> bytes, long stamp)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes, unchecked(((stamp >> 12) << 16) | 0x7000 | (stamp & 0xFFF)));
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
