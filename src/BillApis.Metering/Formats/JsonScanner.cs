namespace BillApis.Metering;

/// <summary>Records are the items of a JSON list, or of the list under <c>events</c>, or one object alone.</summary>
internal sealed class JsonScanner : RecordScanner
{
    private State _state = State.Start;
    private bool _isWrapped;
    private bool _hasItem;

    private enum State
    {
        Start,
        Alone,
        List,
        Behind,
        Over,
    }

    public override bool TryOpen(ReadOnlySpan<byte> bytes, bool isEnd, out int consumed)
    {
        consumed = Space(bytes, 0);
        if (consumed == bytes.Length)
        {
            return isEnd ? throw Broken("is empty") : false;
        }

        if (bytes[consumed] == '[')
        {
            consumed++;
            _state = State.List;
            return true;
        }

        return bytes[consumed] == '{' ? TryOpenObject(bytes, isEnd, ref consumed) : throw Broken("must be a list of events, or an object");
    }

    public override void Resume() => (_hasItem, _state) = (true, _state is State.Alone ? State.Over : _state);

    public override bool TryCut(ReadOnlySpan<byte> bytes, bool isEnd, out Range record, out int consumed)
    {
        (record, consumed) = (..0, Space(bytes, 0));
        if (consumed == bytes.Length)
        {
            return isEnd && _state is not State.Over ? throw Broken("ends in the middle of the list") : false;
        }

        return _state switch
        {
            State.Alone => TryItem(bytes, isEnd, consumed, State.Over, out record, out consumed),
            State.List => TryNext(bytes, isEnd, out record, ref consumed),
            State.Behind when bytes[consumed] == '}' => Step(State.Over, ref consumed),
            _ => throw Broken("has something behind its end"),
        };
    }

    private bool TryNext(ReadOnlySpan<byte> bytes, bool isEnd, out Range record, ref int consumed)
    {
        record = ..0;
        if (bytes[consumed] == ']')
        {
            return Step(_isWrapped ? State.Behind : State.Over, ref consumed);
        }

        var start = consumed;
        if (_hasItem)
        {
            start = bytes[start] == ',' ? Space(bytes, start + 1) : throw Broken("has no comma between two events");
        }

        if (start == bytes.Length)
        {
            consumed = 0;
            return isEnd ? throw Broken("ends in the middle of the list") : false;
        }

        return TryItem(bytes, isEnd, start, State.List, out record, out consumed);
    }

    private bool TryItem(ReadOnlySpan<byte> bytes, bool isEnd, int start, State next, out Range record, out int consumed)
    {
        var end = End(bytes, start);
        (record, consumed) = end < 0 ? (..0, 0) : (start..end, end);
        if (end < 0)
        {
            return isEnd ? throw Broken("ends in the middle of an event") : false;
        }

        (_state, _hasItem) = (next, true);
        return true;
    }

    private bool Step(State next, ref int consumed)
    {
        _state = next;
        consumed++;
        return true;
    }

    // {"events": [ … ]} or an event.
    private bool TryOpenObject(ReadOnlySpan<byte> bytes, bool isEnd, ref int consumed)
    {
        ReadOnlySpan<byte> name = "\"events\""u8;
        var at = Space(bytes, consumed + 1);
        if (bytes.Length - at < name.Length && !isEnd)
        {
            return false;
        }

        if (!bytes[at..].StartsWith(name))
        {
            _state = State.Alone;
            return true;
        }

        at = Space(bytes, at + name.Length);
        at = at < bytes.Length && bytes[at] == ':' ? Space(bytes, at + 1) : at;
        if (at == bytes.Length)
        {
            return isEnd ? throw Broken("ends in the middle of the list") : false;
        }

        consumed = bytes[at] == '[' ? at + 1 : throw Broken("must have a list under events");
        (_state, _isWrapped) = (State.List, true);
        return true;
    }

    private static int Space(ReadOnlySpan<byte> bytes, int at)
    {
        var rest = bytes[at..];
        var next = rest.IndexOfAnyExcept(" \t\r\n"u8);
        return next < 0 ? bytes.Length : at + next;
    }

    // Behind the value that starts here; -1 where it does not end in the bytes. What is inside is for the reader to judge.
    private static int End(ReadOnlySpan<byte> bytes, int at)
    {
        for (var depth = 0; at < bytes.Length; at++)
        {
            switch (bytes[at])
            {
                case (byte)'"':
                    at = Closing(bytes, at + 1);
                    if (at < 0)
                    {
                        return -1;
                    }

                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    continue;
                case (byte)'}' or (byte)']':
                    if (depth == 0)
                    {
                        return at;
                    }

                    depth--;
                    break;
                case (byte)',' when depth == 0:
                    return at;
                default:
                    continue;
            }

            if (depth == 0)
            {
                return at + 1;
            }
        }

        return -1;
    }

    private static int Closing(ReadOnlySpan<byte> bytes, int at)
    {
        while (at < bytes.Length && bytes[at..].IndexOfAny((byte)'"', (byte)'\\') is >= 0 and var next)
        {
            at += next;
            if (bytes[at] == '"')
            {
                return at;
            }

            at += 2;
        }

        return -1;
    }

    private static BillingException Broken(string problem) => BillingException.Field("body", problem);
}
