using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace BillApis.Invoicing;

/// <summary>An invoice to be issued that is spelled out but for its number and its seal, which go into the text at the last moment.</summary>
public sealed class UnnumberedInvoice
{
    // A number that no series gives, so that its place is found by it.
    private const long NoNumber = long.MinValue;
    private const int LongestNumber = 20;

    // As long as a seal can be, so that the one that is given fits into its place.
    private static readonly DocumentSeal NoSeal = new(new string('0', DocumentSeal.HashLength), new string('0', DocumentSeal.HashLength));
    private static readonly byte[] InJson = [.. InCanonical, .. ",\"seal\":"u8, .. JsonSerializer.SerializeToUtf8Bytes(NoSeal, BillingJson.Options)];
    private readonly string _series;
    private readonly byte[] _json;
    private readonly byte[] _canonical;
    private readonly int _place;
    private readonly int _canonicalPlace;
    private int _said = InJson.Length;
    private int _length;

    private UnnumberedInvoice(Invoice invoice)
    {
        _series = invoice.Series;
        _json = JsonSerializer.SerializeToUtf8Bytes(invoice with { Number = NoNumber, Seal = NoSeal }, BillingJson.Options);
        _length = _json.Length;
        _canonical = IssuedDocument.OfInvoice(_json);
        (_place, _canonicalPlace) = (PlaceOf(_json, InJson), PlaceOf(_canonical, InCanonical));
    }

    private static ReadOnlySpan<byte> InCanonical => "\"number\":-9223372036854775808"u8;

    /// <summary>Spells the invoice.</summary>
    public static UnnumberedInvoice Of(Invoice invoice)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        return new UnnumberedInvoice(invoice);
    }

    /// <summary>The invoice under its number, sealed behind the document before it: to the byte what it is spelled as then, until it is numbered anew.</summary>
    /// <param name="number">Its place in its series.</param>
    /// <param name="previous">The hash of the document before it; empty for the first that is sealed.</param>
    public (ArraySegment<byte> Json, string DisplayNumber, DocumentSeal Seal) Number(long number, string previous)
    {
        ArgumentNullException.ThrowIfNull(previous);
        Span<byte> digits = stackalloc byte[LongestNumber];
        Utf8Formatter.TryFormat(number, digits, out var length);
        digits = digits[..length];
        var canonical = ArrayPool<byte>.Shared.Rent(_canonical.Length);
        var seal = DocumentSeal.Of(canonical.AsSpan(0, Put(canonical, _canonical, _canonicalPlace, InCanonical.Length, [.. "\"number\":"u8, .. digits])), previous);
        ArrayPool<byte>.Shared.Return(canonical);
        Say([.. "\"number\":"u8, .. digits, .. ",\"seal\":"u8, .. JsonSerializer.SerializeToUtf8Bytes(seal, BillingJson.Options)]);
        return (new ArraySegment<byte>(_json, 0, _length), Invoice.Display(_series, number), seal);
    }

    // Little stands behind it, and moves up.
    private void Say(ReadOnlySpan<byte> said)
    {
        _json.AsSpan((_place + _said).._length).CopyTo(_json.AsSpan(_place + said.Length));
        said.CopyTo(_json.AsSpan(_place));
        (_length, _said) = (_length + said.Length - _said, said.Length);
    }

    private static int PlaceOf(byte[] text, ReadOnlySpan<byte> what) =>
        text.AsSpan().IndexOf(what) is >= 0 and var place ? place : throw new InvalidOperationException("An invoice is not spelled with its number before its seal.");

    private static int Put(Span<byte> target, ReadOnlySpan<byte> text, int place, int length, ReadOnlySpan<byte> instead)
    {
        text[..place].CopyTo(target);
        instead.CopyTo(target[place..]);
        text[(place + length)..].CopyTo(target[(place + instead.Length)..]);
        return text.Length - length + instead.Length;
    }
}
