namespace BillApis.Metering;

/// <summary>Finds where the next record of a delivery ends, without reading what is in it.</summary>
internal abstract class RecordScanner
{
    /// <summary>Cuts the next record off.</summary>
    /// <param name="bytes">What was not consumed yet.</param>
    /// <param name="isEnd">Whether nothing comes after those.</param>
    /// <param name="record">Where the record is; empty where there is none, such as in an empty line.</param>
    /// <param name="consumed">How many bytes are done with.</param>
    /// <returns>False where more bytes are needed, or, at the end, where nothing is left.</returns>
    public abstract bool TryCut(ReadOnlySpan<byte> bytes, bool isEnd, out Range record, out int consumed);

    /// <summary>Consumes what stands before the first record; false where more bytes are needed to tell.</summary>
    public virtual bool TryOpen(ReadOnlySpan<byte> bytes, bool isEnd, out int consumed)
    {
        consumed = 0;
        return true;
    }

    /// <summary>Goes on behind a record that was cut off earlier.</summary>
    public virtual void Resume()
    {
    }

    /// <summary>The line without the end of it.</summary>
    protected static Range Line(ReadOnlySpan<byte> bytes, int end) => ..(end > 0 && bytes[end - 1] == '\r' ? end - 1 : end);
}

/// <summary>Records are lines; a line of white space is nothing.</summary>
internal sealed class LineScanner : RecordScanner
{
    public override bool TryCut(ReadOnlySpan<byte> bytes, bool isEnd, out Range record, out int consumed)
    {
        var end = bytes.IndexOf((byte)'\n');
        (record, consumed) = (.., 0);
        if (bytes.IsEmpty || (end < 0 && !isEnd))
        {
            return false;
        }

        consumed = end < 0 ? bytes.Length : end + 1;
        record = Line(bytes, end < 0 ? bytes.Length : end);
        record = bytes[record].ContainsAnyExcept(" \t"u8) ? record : ..0;
        return true;
    }
}

/// <summary>Records are the rows of a CSV file; a line end inside of quotes belongs to the value.</summary>
internal sealed class CsvScanner(char delimiter) : RecordScanner
{
    public override bool TryCut(ReadOnlySpan<byte> bytes, bool isEnd, out Range record, out int consumed)
    {
        (record, consumed) = (.., 0);
        var end = End(bytes);
        if (bytes.IsEmpty || (end < 0 && !isEnd))
        {
            return false;
        }

        consumed = end < 0 ? bytes.Length : end + 1;
        record = Line(bytes, end < 0 ? bytes.Length : end);
        return true;
    }

    private int End(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; ;)
        {
            var next = bytes[at..].IndexOfAny((byte)'"', (byte)'\n');
            if (next < 0 || bytes[at + next] == '\n')
            {
                return next < 0 ? -1 : at + next;
            }

            at += next;
            at = at == 0 || bytes[at - 1] == delimiter ? Closing(bytes, at + 1) : at + 1;
            if (at < 0)
            {
                return -1;
            }
        }
    }

    // Behind the quote that ends the value; a doubled one does not.
    private static int Closing(ReadOnlySpan<byte> bytes, int at)
    {
        while (bytes[at..].IndexOf((byte)'"') is >= 0 and var next)
        {
            at += next + 1;
            if (at == bytes.Length || bytes[at] != '"')
            {
                return at;
            }

            at++;
        }

        return -1;
    }
}
