using System.Globalization;

namespace BillApis.Metering;

/// <summary>Reads events out of a file of any size in bounded memory, and can go on where an earlier reading stopped.</summary>
internal sealed class EventFile
{
    private const int FirstBytes = 128 * 1024;
    private const int MarkBytes = 3;
    private readonly Stream _stream;
    private readonly CsvLayout _csv;
    private readonly UsageFormat _format;
    private readonly RecordScanner _scanner;
    private readonly CsvRow _row;
    private readonly EventDraft _draft;
    private byte[] _buffer = new byte[FirstBytes];
    private CsvHeader? _header;
    private long _line = 1;
    private long _recordLine;
    private int _start;
    private int _end;
    private bool _isEnd;
    private bool _isSkipping;

    /// <param name="stream">The file; unpacked here.</param>
    /// <param name="file">How it is written.</param>
    /// <param name="idPrefix">What the ids of events without one start with; the row follows.</param>
    public EventFile(Stream stream, UsageFile file, string idPrefix)
    {
        (_stream, _format, _csv) = (stream.Unpack(file.Packing), file.Format, file.Csv);
        _csv.Validate();
        _scanner = file.Format switch { UsageFormat.JsonLines => new LineScanner(), UsageFormat.Csv => new CsvScanner(_csv.Delimiter), _ => new JsonScanner() };
        _row = new CsvRow(_csv.Delimiter);
        _draft = new EventDraft { MissingId = () => string.Create(CultureInfo.InvariantCulture, $"{idPrefix}-{Rows}") };
    }

    /// <summary>How many bytes of the unpacked file were read, up to the end of the last record.</summary>
    public long Position { get; private set; }

    /// <summary>How many records were read.</summary>
    public long Rows { get; private set; }

    /// <summary>Reads what stands before the first record, and goes on behind an earlier one.</summary>
    /// <exception cref="BillingException">The file is not what it should be.</exception>
    public async Task OpenAsync(long position, long rows, CancellationToken cancellationToken)
    {
        while (!_isEnd && _end - _start < MarkBytes)
        {
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        Consume(_end - _start - TextEvents.WithoutMark(_buffer.AsSpan(_start.._end)).Length);
        int opened;
        while (!_scanner.TryOpen(_buffer.AsSpan(_start.._end), _isEnd, out opened))
        {
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        Consume(opened);
        if (_format is UsageFormat.Csv)
        {
            await ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        }

        if (rows > 0 || position > Position)
        {
            await SkipAsync(position, cancellationToken).ConfigureAwait(false);
            Rows = rows;
            if (rows > 0)
            {
                _scanner.Resume();
            }
        }
    }

    /// <summary>The next events, at most as many as asked for; none at the end of the file.</summary>
    /// <exception cref="BillingException">The file cannot be read beyond what was read before.</exception>
    public async Task<List<ReadEvent>> ReadAsync(int count, CancellationToken cancellationToken)
    {
        var events = new List<ReadEvent>(count);
        while (events.Count < count && await CutAsync(cancellationToken).ConfigureAwait(false) is { } record)
        {
            Rows++;
            events.Add(Read(_buffer.AsSpan(record)) with { Line = _format is UsageFormat.Csv or UsageFormat.JsonLines ? _recordLine : 0 });
        }

        return events;
    }

    /// <summary>The column that a field of an event is read from; null where the file has no columns, or none for it.</summary>
    public string? ColumnOf(string field) => _header?.ColumnOf(field);

    private ReadEvent Read(ReadOnlySpan<byte> record)
    {
        if (_isSkipping)
        {
            _isSkipping = false;
            return ReadEvent.Refused("row", $"is longer than {Limits.ImportedEventBytes} bytes");
        }

        if (_format is not UsageFormat.Csv)
        {
            return JsonEvents.ReadOne(record, _format is UsageFormat.CloudEvents ? CloudEventJson.Read : EventJson.Read, _draft);
        }

        if (!System.Text.Unicode.Utf8.IsValid(record))
        {
            return ReadEvent.Refused("row", "must be text in UTF-8");
        }

        _row.Fill(record);
        return _header!.Read(_row, _draft);
    }

    private async Task ReadHeaderAsync(CancellationToken cancellationToken)
    {
        if (await CutAsync(cancellationToken).ConfigureAwait(false) is not { } record || !System.Text.Unicode.Utf8.IsValid(_buffer.AsSpan(record)))
        {
            throw BillingException.Field("body", "must start with a header of field names");
        }

        _row.Fill(_buffer.AsSpan(record));
        _header = CsvHeader.Of(_row, _csv, needsId: false);
    }

    // Where the next record is in the buffer; null at the end of the file.
    private async Task<Range?> CutAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_scanner.TryCut(_buffer.AsSpan(_start.._end), _isEnd, out var record, out var consumed))
            {
                var (start, length) = record.GetOffsetAndLength(_end - _start);
                start += _start;
                _recordLine = _isSkipping ? _recordLine : _line;
                Consume(consumed);
                if (length > 0 || _isSkipping)
                {
                    return start..(start + length);
                }
            }
            else if (_isEnd)
            {
                Consume(_end - _start);
                return _isSkipping ? ..0 : null;
            }
            else
            {
                await FillAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task SkipAsync(long position, CancellationToken cancellationToken)
    {
        while (Position < position)
        {
            var part = (int)Math.Min(position - Position, _end - _start);
            Consume(part);
            if (Position < position)
            {
                await FillAsync(cancellationToken).ConfigureAwait(false);
                if (_isEnd && _start == _end)
                {
                    throw new InvalidDataException("The file is shorter than it was.");
                }
            }
        }
    }

    private void Consume(int count)
    {
        _line += _buffer.AsSpan(_start, count).Count((byte)'\n');
        _start += count;
        Position += count;
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        if (_start == 0 && _end == _buffer.Length)
        {
            Grow();
        }

        _buffer.AsSpan(_start.._end).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        _isEnd = read == 0;
    }

    private void Grow()
    {
        if (_buffer.Length < Limits.ImportedEventBytes)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
        else if (_format is UsageFormat.JsonLines)
        {
            // The rest of the line is skipped; the line end says where to go on.
            (_isSkipping, _recordLine) = (true, _line);
            Consume(_end - _start);
            (_start, _end) = (0, 0);
        }
        else
        {
            throw BillingException.Field("body", $"has a record that is longer than {Limits.ImportedEventBytes} bytes, or a quote that is not closed");
        }
    }
}
