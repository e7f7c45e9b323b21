namespace BillApis.Storage.Sql;

/// <summary>A row that a query found; columns count from 0.</summary>
internal interface ISqlRow
{
    bool IsNull(int column);

    long Number(int column);

    string Text(int column);

    /// <summary>A text in UTF-8, there until the next row.</summary>
    ReadOnlySpan<byte> Utf8(int column);
}
