using System.Text;
using System.Text.Json;

namespace BillApis.Storage.Sql;

/// <summary>A text, a whole number or null; decimals are text here.</summary>
internal readonly struct SqlValue : IEquatable<SqlValue>
{
    private static readonly object Numeral = new();
    private readonly object? _text;
    private readonly long _number;

    private SqlValue(object? text, long number) => (_text, _number) = (text, number);

    /// <summary>The text; null for a number.</summary>
    public string? Text => Utf8 is { } utf8 ? Encoding.UTF8.GetString(utf8) : _text as string;

    /// <summary>The text as it was given, where that was in UTF-8.</summary>
    public ArraySegment<byte>? Utf8 => _text is byte[] utf8 ? new ArraySegment<byte>(utf8, 0, (int)_number) : default(ArraySegment<byte>?);

    /// <summary>The number; null for a text.</summary>
    public long? Number => _text == Numeral ? _number : null;

    public static implicit operator SqlValue(string? text) => new(text, 0);

    public static implicit operator SqlValue(long number) => new(Numeral, number);

    public static implicit operator SqlValue(long? number) => number is { } known ? new SqlValue(Numeral, known) : default;

    /// <summary>A text that is in UTF-8 already.</summary>
    public static SqlValue OfUtf8(byte[] text) => new(text, text.Length);

    /// <summary>The same of the beginning of an array.</summary>
    public static SqlValue OfUtf8(byte[] text, int length) => new(text, length);

    /// <summary>Whether it is the very same, as what many rows share is: to compare letters would cost what it saves.</summary>
    public bool IsSame(SqlValue other) => _number == other._number && ReferenceEquals(_text, other._text);

    public bool Equals(SqlValue other) => _number == other._number && (ReferenceEquals(_text, other._text) || (_text is string text && other._text is string same && text == same));

    public override bool Equals(object? obj) => obj is SqlValue other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_text, _number);

    public void WriteTo(Utf8JsonWriter json)
    {
        if (Number is { } number)
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteStringValue(Text);
        }
    }
}
