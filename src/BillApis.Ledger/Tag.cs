using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace BillApis.Ledger;

/// <summary>A cause or an owner in 128 bits and 32 more: an id's own bits and its prefix, or a short text.</summary>
/// <remarks>Whatever names a transfer or an account fits a ledger that stores numbers only.</remarks>
/// <param name="Value">The bits of the id, or the bytes of the text.</param>
/// <param name="Form">What stands before the id, as a number; 1 for a text and 0 for nothing.</param>
public readonly record struct Tag(UInt128 Value, uint Form)
{
    /// <summary>The longest text that is not an id, in bytes of UTF-8.</summary>
    public const int TextBytes = 16;

    private const uint Text = 1;

    /// <summary>Nothing.</summary>
    public static Tag None => default;

    /// <summary>Whether the text can be told in a tag.</summary>
    public static bool Fits(string? text) => TryOf(text, out _);

    /// <summary>Whether the owner of an account, if it has one, can be told in a tag.</summary>
    public static bool FitsOwner(Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return account.Owner is null || Fits(account.Owner);
    }

    /// <summary>The tag of a text.</summary>
    /// <exception cref="ArgumentException">The text is neither an id nor short enough.</exception>
    public static Tag Of(string text) => TryOf(text, out var tag) ? tag : throw new ArgumentException($"'{text}' is neither an id nor a text of 1 to {TextBytes} bytes.", nameof(text));

    /// <summary>The tag of a text; false where the text is neither an id nor short enough.</summary>
    public static bool TryOf([NotNullWhen(true)] string? text, out Tag tag)
    {
        tag = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        if (TryReadId(text, out tag))
        {
            return true;
        }

        if (Encoding.UTF8.GetByteCount(text) > TextBytes || text.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[TextBytes];
        bytes.Clear();
        Encoding.UTF8.GetBytes(text, bytes);
        tag = new Tag(BinaryPrimitives.ReadUInt128LittleEndian(bytes), Text);
        return true;
    }

    /// <summary>The text of the tag; null for <see cref="None"/>.</summary>
    public override string? ToString()
    {
        if (Form is 0)
        {
            return null;
        }

        if (Form is not Text)
        {
            return EntityId.Format(PrefixOf(Form), Value);
        }

        Span<byte> bytes = stackalloc byte[TextBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, Value);
        return Encoding.UTF8.GetString(bytes.TrimEnd((byte)0));
    }

    // An id's prefix is a number whose digits are letters: inv is 9, 14, 22 to the base of 32, behind the lowest bit of a text.
    private static bool TryReadId(string text, out Tag tag)
    {
        tag = default;
        var end = text.IndexOf('_', StringComparison.Ordinal);
        if (end is not (>= 2 and <= 4) || !EntityId.TryParse(text, text.AsSpan(0, end), out var value))
        {
            return false;
        }

        var form = 0u;
        foreach (var letter in text.AsSpan(0, end))
        {
            if (!char.IsAsciiLetterLower(letter))
            {
                return false;
            }

            form = (form << 5) | (uint)(letter - 'a' + 1);
        }

        tag = new Tag(value, form << 1);
        return true;
    }

    private static string PrefixOf(uint form)
    {
        var prefix = "";
        for (var rest = form >> 1; rest > 0; rest >>= 5)
        {
            prefix = (char)('a' + (rest & 31) - 1) + prefix;
        }

        return prefix;
    }
}
