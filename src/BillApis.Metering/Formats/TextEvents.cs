using System.Text.Unicode;

namespace BillApis.Metering;

/// <summary>Reads events out of a text of records that is at hand as a whole.</summary>
internal static class TextEvents
{
    /// <summary>One JSON event a line.</summary>
    public static void ReadLines(ReadOnlySpan<byte> text, EventDraft draft, Action<ReadEvent> add)
    {
        var (scanner, line) = (new LineScanner(), 0L);
        for (var rest = WithoutMark(text); scanner.TryCut(rest, isEnd: true, out var record, out var consumed); rest = rest[consumed..])
        {
            line++;
            if (!rest[record].IsEmpty)
            {
                add(JsonEvents.ReadOne(rest[record], EventJson.Read, draft) with { Line = line });
            }
        }
    }

    /// <summary>CSV with a header, which is returned.</summary>
    /// <exception cref="BillingException">The header is missing or wrong, or the text ends inside of a quoted value: nothing of it can be trusted then.</exception>
    public static CsvHeader ReadCsv(ReadOnlySpan<byte> text, CsvLayout layout, EventDraft draft, Action<ReadEvent> add)
    {
        layout.Validate();
        if (!Utf8.IsValid(text))
        {
            throw BillingException.Field("body", "must be text in UTF-8");
        }

        var (scanner, row, header) = (new CsvScanner(layout.Delimiter), new CsvRow(layout.Delimiter), (CsvHeader?)null);
        var (line, next) = (0L, 1L);
        for (var rest = WithoutMark(text); scanner.TryCut(rest, isEnd: true, out var record, out var consumed); rest = rest[consumed..])
        {
            (line, next) = (next, next + rest[..consumed].Count((byte)'\n'));
            if (rest[record].IsEmpty)
            {
                continue;
            }

            row.Fill(rest[record]);
            if (row.IsCut)
            {
                throw BillingException.Field("body", row.Problem!);
            }

            if (header is null)
            {
                header = CsvHeader.Of(row, layout);
            }
            else
            {
                add(header.Read(row, draft) with { Line = line });
            }
        }

        return header ?? throw BillingException.Field("body", "must start with a header of field names");
    }

    /// <summary>The text behind the byte order mark that some programs put in front.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) => text.StartsWith("\uFEFF"u8) ? text[3..] : text;
}
