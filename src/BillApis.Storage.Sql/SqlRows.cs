using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace BillApis.Storage.Sql;

/// <summary>Many rows for one statement, which names them as a derived table: <c>$"insert … select … from {rows} as r"</c>.</summary>
/// <remarks>Columns are <c>name type</c> with the types text, bigint and decimal.</remarks>
internal sealed class SqlRows(params ReadOnlySpan<string> columns)
{
    private readonly List<SqlValue[]> _rows = [];

    /// <summary>The names of the columns and their types.</summary>
    public ImmutableArray<(string Name, string Type)> Columns { get; } = [.. columns.ToArray().Select(column => (column.Split(' ')[0], column.Split(' ')[1]))];

    public int Count => _rows.Count;

    /// <summary>A value of a row.</summary>
    public SqlValue this[int row, int column] => _rows[row][column];

    /// <summary>Adds a row, a value for each column.</summary>
    public void Add(params ReadOnlySpan<SqlValue> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Columns.Length);
        _rows.Add(values.ToArray());
    }

    /// <summary>The rows as one JSON array of arrays.</summary>
    public string ToArrays() => Write(isNamed: false);

    /// <summary>The rows as one JSON array of objects.</summary>
    public string ToJson() => Write(isNamed: true);

    private string Write(bool isNamed)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();
        foreach (var row in _rows)
        {
            Write(json, row, isNamed);
        }

        json.WriteEndArray();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private void Write(Utf8JsonWriter json, SqlValue[] row, bool isNamed)
    {
        if (isNamed)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartArray();
        }

        for (var i = 0; i < row.Length; i++)
        {
            if (isNamed)
            {
                json.WritePropertyName(Columns[i].Name);
            }

            if (row[i].Number is { } number)
            {
                json.WriteNumberValue(number);
            }
            else
            {
                json.WriteStringValue(row[i].Text);
            }
        }

        if (isNamed)
        {
            json.WriteEndObject();
        }
        else
        {
            json.WriteEndArray();
        }
    }
}

/// <summary>A text, a whole number or null; decimals are text here.</summary>
internal readonly record struct SqlValue(string? Text, long? Number)
{
    public static implicit operator SqlValue(string? text) => new(text, null);

    public static implicit operator SqlValue(long number) => new(null, number);

    public static implicit operator SqlValue(long? number) => new(null, number);
}
