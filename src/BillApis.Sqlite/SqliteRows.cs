using BillApis.Storage.Sql;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>Many rows through one prepared statement: several times as fast as reading them from JSON.</summary>
internal static class SqliteRows
{
    private const int CheckEvery = 256;

    /// <summary>Runs the statement once a row; answers which rows changed the database.</summary>
    public static bool[] Write(SqliteConnection connection, TenantId tenant, SqlRows rows, Func<string, string> sql, CancellationToken cancellationToken) =>
        Write(connection, tenant, rows, sql, static statement => statement.HasWritten, cancellationToken);

    /// <summary>The same, and answers what is asked of each run.</summary>
    public static T[] Write<T>(SqliteConnection connection, TenantId tenant, SqlRows rows, Func<string, string> sql, Func<SqliteStatement, T> ask, CancellationToken cancellationToken)
    {
        var written = new T[rows.Count];
        Run(connection, tenant, rows, sql, WriteRow, cancellationToken);
        return written;

        void WriteRow(SqliteStatement statement, int row)
        {
            statement.Run();
            written[row] = ask(statement);
        }
    }

    /// <summary>Runs the query once a row, all in one transaction where there is none: it sees what was there as it began.</summary>
    public static List<T> Read<T>(SqliteConnection connection, TenantId tenant, SqlRows rows, Func<string, string> sql, Func<ISqlRow, T> read, CancellationToken cancellationToken)
    {
        var (found, begins) = (new List<T>(rows.Count), raw.sqlite3_get_autocommit(connection.Handle!) != 0);
        if (begins)
        {
            SqliteStatement.Of(connection, "begin").Run();
        }

        try
        {
            Run(connection, tenant, rows, sql, ReadRows, cancellationToken);
            return found;
        }
        finally
        {
            // Some errors end the transaction.
            if (begins && raw.sqlite3_get_autocommit(connection.Handle!) == 0)
            {
                SqliteStatement.Of(connection, "commit").Run();
            }
        }

        void ReadRows(SqliteStatement statement, int row) => ReadAll(statement, read, found);
    }

    /// <summary>What a query finds.</summary>
    public static List<T> Query<T>(SqliteConnection connection, string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters, Func<ISqlRow, T> read)
    {
        var (statement, found) = (SqliteStatement.Of(connection, sql), new List<T>());
        foreach (var (name, value) in parameters)
        {
            Bind(statement, statement.Place(name), value);
        }

        ReadAll(statement, read, found);
        return found;
    }

    private static void ReadAll<T>(SqliteStatement statement, Func<ISqlRow, T> read, List<T> found)
    {
        try
        {
            while (statement.Step())
            {
                found.Add(read(statement));
            }
        }
        finally
        {
            statement.Reset();
        }
    }

    private static void Run(SqliteConnection connection, TenantId tenant, SqlRows rows, Func<string, string> sql, Action<SqliteStatement, int> run, CancellationToken cancellationToken)
    {
        var statement = SqliteStatement.Of(connection, SqliteOneRow.Of(rows, sql));
        var places = rows.Columns.Select(column => statement.Place(SqliteOneRow.Parameter(column.Name))).ToArray();
        if (statement.Place("Tenant") is > 0 and var place)
        {
            statement.Bind(place, tenant.ToString());
        }

        ReadOnlySpan<SqlValue> before = [];
        for (var row = 0; row < rows.Count; row++)
        {
            if (row % CheckEvery == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            // What is bound stays bound: a column that says the same in row after row is bound once.
            ReadOnlySpan<SqlValue> values = rows[row];
            for (var column = 0; column < places.Length; column++)
            {
                if (row == 0 || !values[column].IsSame(before[column]))
                {
                    Bind(statement, places[column], values[column]);
                }
            }

            before = values;

            run(statement, row);
        }
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
        else if (value.Utf8 is { } utf8)
        {
            statement.BindText(place, utf8);
        }
        else
        {
            statement.Bind(place, value.Text);
        }
    }
}
