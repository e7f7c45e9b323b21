using System.Text.Unicode;

namespace BillApis.Metering;

/// <summary>Reads events out of a text of records that is at hand as a whole.</summary>
internal static class TextEvents
{
    /// <summary>One JSON event a line.</summary>
    public static void ReadLines(ReadOnlySpan<byte> text, EventDraft draft, Action<ReadEvent> add)
    {
        var scanner = new LineScanner();
        for (var rest = WithoutMark(text); scanner.TryCut(rest, isEnd: true, out var record, out var consumed); rest = rest[consumed..])
        {
            if (!rest[record].IsEmpty)
            {
                add(JsonEvents.ReadOne(rest[record], EventJson.Read, draft));
            }
        }
    }

    /// <summary>CSV with a header.</summary>
    /// <exception cref="BillingException">The header is missing or wrong, or the text ends inside of a quoted value: nothing of it can be trusted then.</exception>
    public static void ReadCsv(ReadOnlySpan<byte> text, CsvLayout layout, EventDraft draft, Action<ReadEvent> add)
    {
        layout.Validate();
        if (!Utf8.IsValid(text))
        {
            throw BillingException.Field("body", "must be text in UTF-8");
        }

        var (scanner, row, header) = (new CsvScanner(layout.Delimiter), new CsvRow(layout.Delimiter), (CsvHeader?)null);
        for (var rest = WithoutMark(text); scanner.TryCut(rest, isEnd: true, out var record, out var consumed); rest = rest[consumed..])
        {
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
                add(header.Read(row, draft));
            }
        }

        if (header is null)
        {
            throw BillingException.Field("body", "must start with a header of field names");
        }
    }

    /// <summary>The text behind the byte order mark that some programs put in front.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) => text.StartsWith("\uFEFF"u8) ? text[3..] : text;
}
