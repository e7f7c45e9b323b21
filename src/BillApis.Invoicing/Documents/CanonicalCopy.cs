using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace BillApis.Invoicing;

/// <summary>The canonical spelling of what the serializer wrote without white space, made by copying: values stay as they are spelled, only members are put in order and left out.</summary>
internal ref struct CanonicalCopy
{
    // An object is one byte longer than in the end while it is written.
    private const int MaxDepth = 64;
    private readonly ReadOnlySpan<byte> _json;
    private readonly Span<byte> _text;
    private readonly Span<byte> _scratch;
    private readonly List<Member> _members = [];
    private Utf8JsonReader _reader;
    private int _length;

    private CanonicalCopy(ReadOnlySpan<byte> json, Span<byte> text, Span<byte> scratch)
    {
        _json = json;
        _text = text;
        _scratch = scratch;
        _reader = new Utf8JsonReader(json);
    }

    // Where a member stands in the text: a comma, its name in quotes, a colon and its value.
    private readonly record struct Member(int Start, int NameLength, int End);

    /// <summary>Writes it; false where a name has letters whose order in UTF-8 may be another.</summary>
    public static bool TryWrite(ReadOnlySpan<byte> json, ReadOnlySpan<string> leaveOut, out byte[] canonical)
    {
        var (text, scratch) = (ArrayPool<byte>.Shared.Rent(json.Length + MaxDepth), ArrayPool<byte>.Shared.Rent(json.Length + MaxDepth));
        var copy = new CanonicalCopy(json, text, scratch);
        copy._reader.Read();
        var isWritten = copy.TryCopy(leaveOut, out _);
        canonical = isWritten ? text.AsSpan(0, copy._length).ToArray() : [];
        ArrayPool<byte>.Shared.Return(text);
        ArrayPool<byte>.Shared.Return(scratch);
        return isWritten;
    }

    private bool TryCopy(ReadOnlySpan<string> leaveOut, out bool says)
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return TryCopyObject(leaveOut, out says);
            case JsonTokenType.StartArray:
                return TryCopyArray(out says);
            default:
                says = _reader.TokenType is not (JsonTokenType.Null or JsonTokenType.False);
                Append(_json[(int)_reader.TokenStartIndex..(int)_reader.BytesConsumed]);
                return true;
        }
    }

    private bool TryCopyArray(out bool says)
    {
        says = false;
        _text[_length++] = (byte)'[';
        while (_reader.Read() && _reader.TokenType is not JsonTokenType.EndArray)
        {
            if (says)
            {
                _text[_length++] = (byte)',';
            }

            if (!TryCopy([], out _))
            {
                return false;
            }

            says = true;
        }

        _text[_length++] = (byte)']';
        return true;
    }

    private bool TryCopyObject(ReadOnlySpan<string> leaveOut, out bool says)
    {
        _text[_length++] = (byte)'{';
        var (start, first) = (_length, _members.Count);
        says = false;
        while (_reader.Read() && _reader.TokenType is JsonTokenType.PropertyName)
        {
            var from = _length;
            var name = _reader.ValueSpan;
            var isKept = !IsIn(leaveOut, name);
            if (!Ascii.IsValid(name) || _reader.ValueIsEscaped)
            {
                return false;
            }

            _text[_length++] = (byte)',';
            Append(_json.Slice((int)_reader.TokenStartIndex, name.Length + 2));
            _text[_length++] = (byte)':';
            _reader.Read();
            if (!TryCopy([], out var said))
            {
                return false;
            }

            says |= said;
            if (isKept && said)
            {
                _members.Add(new Member(from, name.Length, _length));
            }
            else
            {
                _length = from;
            }
        }

        PutInOrder(start, first);
        _text[_length++] = (byte)'}';
        return true;
    }

    private static bool IsIn(ReadOnlySpan<string> names, ReadOnlySpan<byte> name)
    {
        foreach (var one in names)
        {
            if (Ascii.Equals(name, one))
            {
                return true;
            }
        }

        return false;
    }

    // The first comma goes.
    private void PutInOrder(int start, int first)
    {
        if (_members.Count == first)
        {
            return;
        }

        Sort(CollectionsMarshal.AsSpan(_members)[first..]);
        _text[start.._length].CopyTo(_scratch);
        _length = start;
        foreach (var member in CollectionsMarshal.AsSpan(_members)[first..])
        {
            Append(_scratch[(member.Start - start + (_length == start ? 1 : 0))..(member.End - start)]);
        }

        _members.RemoveRange(first, _members.Count - first);
    }

    // Few and often in order; those of one name stay as they stood.
    private readonly void Sort(Span<Member> members)
    {
        for (var i = 1; i < members.Length; i++)
        {
            var (member, place) = (members[i], i);
            for (; place > 0 && NameOf(members[place - 1]).SequenceCompareTo(NameOf(member)) > 0; place--)
            {
                members[place] = members[place - 1];
            }

            members[place] = member;
        }
    }

    private readonly ReadOnlySpan<byte> NameOf(Member member) => _text.Slice(member.Start + 2, member.NameLength);

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_text[_length..]);
        _length += bytes.Length;
    }
}
