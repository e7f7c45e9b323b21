using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis;

/// <summary>What became of the rows of a file.</summary>
public sealed record ImportCounts
{
    /// <summary>How many rows were read.</summary>
    public long Rows { get; init; }

    /// <summary>How many events were stored, orphans included.</summary>
    public long Accepted { get; init; }

    /// <summary>How many events had been stored before, with the same content.</summary>
    public long Duplicates { get; init; }

    /// <summary>How many rows were refused.</summary>
    public long Rejected { get; init; }

    /// <summary>The first <see cref="Limits.RefusalsPerImport"/> of those.</summary>
    public ImmutableArray<RefusedRow> Refusals { get; init; } = [];

    /// <summary>How many bytes were read, unpacked.</summary>
    public long BytesRead { get; init; }

    /// <summary>The counts with the next rows.</summary>
    /// <param name="rows">The rows as they were read.</param>
    /// <param name="receipt">What became of the events among them.</param>
    /// <param name="stored">How many of the receipt's duplicates this import stored itself before a crash.</param>
    /// <param name="file">The file, up to where it was read.</param>
    internal ImportCounts Add(IReadOnlyList<ReadEvent> rows, UsageReceipt receipt, int stored, EventFile file)
    {
        var places = rows.Index().Where(row => row.Item.Event is not null).Select(row => row.Index).ToList();
        var unreadable = rows.Index().Where(row => row.Item.Event is null)
            .Select(row => Refused(row.Index, row.Item.Id, BillingErrorCode.Invalid, BillingException.Field(row.Item.Errors[0].Field, row.Item.Errors[0].Message).Message, row.Item.Errors[0].Field)).ToList();
        var refused = receipt.Rejected.Select(item => Refused(places[item.Index], item.Id, item.Code, item.Message, item.Field));
        return new ImportCounts
        {
            Rows = Rows + rows.Count,
            Accepted = Accepted + receipt.Accepted + stored,
            Duplicates = Duplicates + receipt.Duplicates - stored,
            Rejected = Rejected + unreadable.Count + receipt.Rejected.Length,
            Refusals = Refusals.Length == Limits.RefusalsPerImport ? Refusals : [.. Refusals.Concat(unreadable.Concat(refused).OrderBy(row => row.Row)).Take(Limits.RefusalsPerImport)],
            BytesRead = file.Position,
        };

        RefusedRow Refused(int place, string? id, BillingErrorCode code, string message, string field) =>
            new(Rows + place, id, code, message, field) { Line = rows[place].Line is > 0 and var line ? line : null, Column = file.ColumnOf(field) };
    }
}

/// <summary>A row that was not stored.</summary>
/// <param name="Row">Its place in the file, from 0; a header is no row.</param>
/// <param name="Id">The event's id, where one can be told.</param>
/// <param name="Code">Invalid, or Conflict where the id was used before for another event.</param>
/// <param name="Message">Which field is wrong and what is allowed.</param>
/// <param name="Field">The field that is wrong.</param>
public sealed record RefusedRow(long Row, string? Id, BillingErrorCode Code, string Message, string Field)
{
    /// <summary>The line of the file that it begins on, from 1; null where the file is not one of lines.</summary>
    public long? Line { get; init; }

    /// <summary>The column that the field is read from, where the file has columns.</summary>
    public string? Column { get; init; }
}
