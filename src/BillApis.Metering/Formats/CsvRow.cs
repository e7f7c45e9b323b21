namespace BillApis.Metering;

/// <summary>The values of one row of a CSV file (RFC 4180); one instance is filled again and again.</summary>
internal sealed class CsvRow(char delimiter)
{
    private const byte Quote = (byte)'"';
    private readonly List<(int Start, int Length)> _values = [];
    private byte[] _text = new byte[256];
    private int _length;

    public int Count => _values.Count;

    /// <summary>Whether the text ended inside of a quoted value.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Why the row cannot be read; null where it can.</summary>
    public string? Problem { get; private set; }

    public ReadOnlySpan<byte> this[int column] => _text.AsSpan(_values[column].Start, _values[column].Length);

    /// <summary>Takes the bytes of one row, without the end of its line.</summary>
    public void Fill(ReadOnlySpan<byte> row)
    {
        _values.Clear();
        (_length, Problem, IsCut) = (0, null, false);
        if (_text.Length < row.Length)
        {
            _text = new byte[row.Length * 2];
        }

        do
        {
            var start = _length;
            row = row is [Quote, ..] ? Quoted(row[1..]) : Plain(row);
            _values.Add((start, _length - start));
        }
        while (Next(ref row));
    }

    private bool Next(ref ReadOnlySpan<byte> row)
    {
        if (row.IsEmpty || Problem is not null)
        {
            return false;
        }

        if (row[0] != delimiter)
        {
            Problem = "has something behind a closing quote";
            return false;
        }

        row = row[1..];
        return true;
    }

    private ReadOnlySpan<byte> Plain(ReadOnlySpan<byte> row)
    {
        var end = row.IndexOf((byte)delimiter);
        var value = end < 0 ? row : row[..end];
        if (value.Contains(Quote))
        {
            Problem = "has a quote inside of a value that does not start with one";
        }

        Append(value);
        return row[value.Length..];
    }

    private ReadOnlySpan<byte> Quoted(ReadOnlySpan<byte> row)
    {
        while (true)
        {
            var end = row.IndexOf(Quote);
            if (end < 0)
            {
                (Problem, IsCut) = ("ends inside of a quoted value", true);
                return [];
            }

            Append(row[..end]);
            row = row[(end + 1)..];
            if (row is not [Quote, ..])
            {
                return row;
            }

            Append("\""u8);
            row = row[1..];
        }
    }

    private void Append(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_text.AsSpan(_length));
        _length += value.Length;
    }
}
