using BillApis.Storage.Sql;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Many rows through one prepared statement: several times as fast as reading them from JSON.</summary>
internal static class SqliteRows
{
    private const int CheckEvery = 256;

    /// <summary>Runs the statement once a row; answers which rows changed the database.</summary>
    public static bool[] Write(SqliteConnection connection, TenantId tenant, SqlRows rows, Func<string, string> sql, CancellationToken cancellationToken)
    {
        var written = new bool[rows.Count];
        var columns = rows.Columns.Select((column, i) => $"@c{i} as {column.Name}");
        var statement = SqliteStatement.Of(connection, sql($"(select {string.Join(", ", columns)})"));
        var places = Enumerable.Range(0, rows.Columns.Length).Select(i => statement.Place($"@c{i}")).ToArray();
        if (statement.Place("@Tenant") is > 0 and var place)
        {
            statement.Bind(place, tenant.ToString());
        }

        for (var row = 0; row < rows.Count; row++)
        {
            if (row % CheckEvery == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            for (var column = 0; column < places.Length; column++)
            {
                Bind(statement, places[column], rows[row, column]);
            }

            statement.Run();
            written[row] = statement.HasWritten;
        }

        return written;
    }

    private static void Bind(SqliteStatement statement, int place, SqlValue value)
    {
        if (place == 0)
        {
            return;
        }

        if (value.Number is { } number)
        {
            statement.Bind(place, number);
        }
        else
        {
            statement.Bind(place, value.Text);
        }
    }
}
