using System.Collections.Immutable;

namespace BillApis.Storage.Sql;

/// <summary>Many rows for one statement, which names them as a derived table: <c>$"insert … select … from {rows} as r"</c>.</summary>
/// <remarks>Columns are <c>name type</c> with the types text, bigint and decimal.</remarks>
internal sealed class SqlRows(params ReadOnlySpan<string> columns)
{
    // Pieces that are too small for the heap of large objects.
    private const int RowsInPiece = 64;
    private readonly List<SqlValue[]> _pieces = [];

    /// <summary>The names of the columns and their types.</summary>
    public ImmutableArray<(string Name, string Type)> Columns { get; } = [.. columns.ToArray().Select(column => (column.Split(' ')[0], column.Split(' ')[1]))];

    public int Count { get; private set; }

    /// <summary>Makes room for other rows.</summary>
    public void Clear() => Count = 0;

    /// <summary>A value of a row.</summary>
    public SqlValue this[int row, int column]
    {
        get => this[row][column];
        set => this[row][column] = value;
    }

    /// <summary>The values of a row.</summary>
    public Span<SqlValue> this[int row] => _pieces[row / RowsInPiece].AsSpan(row % RowsInPiece * Columns.Length, Columns.Length);

    /// <summary>Adds a row, a value for each column.</summary>
    public void Add(params ReadOnlySpan<SqlValue> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Columns.Length);
        var (piece, place) = Math.DivRem(Count, RowsInPiece);
        if (piece == _pieces.Count)
        {
            _pieces.Add(new SqlValue[(piece == 0 ? 1 : RowsInPiece) * values.Length]);
        }
        else if (_pieces[piece].Length == place * values.Length)
        {
            var grown = new SqlValue[2 * _pieces[piece].Length];
            _pieces[piece].CopyTo(grown, 0);
            _pieces[piece] = grown;
        }

        values.CopyTo(this[Count++]);
    }
}
