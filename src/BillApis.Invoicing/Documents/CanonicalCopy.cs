using System.Buffers;
using System.Text;

namespace BillApis.Invoicing;

/// <summary>The canonical spelling of what the serializer wrote without white space, made by copying: values stay as they are spelled, only members are put in order and left out.</summary>
internal ref struct CanonicalCopy
{
    // An object is one byte longer than in the end while it is written.
    private const int MaxDepth = 64;

    // A name in quotes, a colon, a value and what stands before the next one.
    private const int ShortestMember = 5;
    private static readonly SearchValues<byte> EndsOfText = SearchValues.Create("\"\\"u8);
    private static readonly SearchValues<byte> EndsOfLiteral = SearchValues.Create(",]}"u8);
    private readonly ReadOnlySpan<byte> _json;
    private readonly Span<byte> _text;
    private readonly Span<byte> _scratch;
    private readonly Span<Member> _members;
    private int _place;
    private int _length;
    private int _count;

    private CanonicalCopy(ReadOnlySpan<byte> json, Span<byte> text, Span<byte> scratch, Span<Member> members)
    {
        _json = json;
        _text = text;
        _scratch = scratch;
        _members = members;
    }

    // Where a member stands in the text: a comma, its name in quotes, a colon and its value.
    private readonly record struct Member(int Start, int NameLength, int End);

    /// <summary>Writes it; false where a name has letters whose order in UTF-8 may be another.</summary>
    public static bool TryWrite(ReadOnlySpan<byte> json, ReadOnlySpan<string> leaveOut, out byte[] canonical)
    {
        var (text, scratch, members) = (ArrayPool<byte>.Shared.Rent(json.Length + MaxDepth), ArrayPool<byte>.Shared.Rent(json.Length + MaxDepth), ArrayPool<Member>.Shared.Rent((json.Length / ShortestMember) + 1));
        var copy = new CanonicalCopy(json, text, scratch, members);
        var isWritten = copy.TryCopy(leaveOut, out _);
        canonical = isWritten ? text.AsSpan(0, copy._length).ToArray() : [];
        ArrayPool<byte>.Shared.Return(text);
        ArrayPool<byte>.Shared.Return(scratch);
        ArrayPool<Member>.Shared.Return(members);
        return isWritten;
    }

    private bool TryCopy(ReadOnlySpan<string> leaveOut, out bool says)
    {
        var first = _json[_place];
        switch (first)
        {
            case (byte)'{':
                return TryCopyObject(leaveOut, out says);
            case (byte)'[':
                return TryCopyArray(out says);
            case (byte)'"':
                says = true;
                Append(NextText());
                return true;
            default:
                says = first is not ((byte)'n' or (byte)'f');
                var rest = _json[_place..];
                var length = rest.IndexOfAny(EndsOfLiteral) is >= 0 and var end ? end : rest.Length;
                Append(rest[..length]);
                _place += length;
                return true;
        }
    }

    // A text with its quotes.
    private ReadOnlySpan<byte> NextText()
    {
        var start = _place++;
        for (; _json[_place += _json[_place..].IndexOfAny(EndsOfText)] is (byte)'\\'; _place += 2)
        {
        }

        return _json[start..++_place];
    }

    private bool TryCopyArray(out bool says)
    {
        says = false;
        _text[_length++] = (byte)'[';
        for (_place++; _json[_place] is not (byte)']';)
        {
            if (says)
            {
                _text[_length++] = (byte)',';
                _place++;
            }

            if (!TryCopy([], out _))
            {
                return false;
            }

            says = true;
        }

        _place++;
        _text[_length++] = (byte)']';
        return true;
    }

    private bool TryCopyObject(ReadOnlySpan<string> leaveOut, out bool says)
    {
        _text[_length++] = (byte)'{';
        var (start, first) = (_length, _count);
        says = false;
        for (_place++; _json[_place] is not (byte)'}';)
        {
            _place += _json[_place] is (byte)',' ? 1 : 0;
            var from = _length;
            var quoted = NextText();
            var name = quoted[1..^1];
            _place++;
            if (Skips("null"u8) || Skips("[]"u8) || Skips("false"u8))
            {
                continue;
            }

            if (!Ascii.IsValid(name) || name.Contains((byte)'\\'))
            {
                return false;
            }

            _text[_length++] = (byte)',';
            Append(quoted);
            _text[_length++] = (byte)':';
            if (!TryCopy([], out var said))
            {
                return false;
            }

            says |= said;
            if (said && !IsIn(leaveOut, name))
            {
                _members[_count++] = new Member(from, name.Length, _length);
            }
            else
            {
                _length = from;
            }
        }

        _place++;
        PutInOrder(start, first);
        _text[_length++] = (byte)'}';
        return true;
    }

    // What most members that say nothing are: not even their names are copied.
    private bool Skips(ReadOnlySpan<byte> nothing)
    {
        var skips = _json[_place..].StartsWith(nothing);
        _place += skips ? nothing.Length : 0;
        return skips;
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
        if (_count == first)
        {
            return;
        }

        var members = _members[first.._count];
        Sort(members);
        _text[start.._length].CopyTo(_scratch);
        _length = start;
        foreach (var member in members)
        {
            Append(_scratch[(member.Start - start + (_length == start ? 1 : 0))..(member.End - start)]);
        }

        _count = first;
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
