using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using BillApis.Storage.Sql;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>A prepared statement, bound and read without ADO.NET's boxes; places and columns count from 1 and 0, as in SQLite.</summary>
internal sealed class SqliteStatement : ISqlRow, IDisposable
{
    // Memory that connections share knows no snapshots: a table that another connection is at is waited for before the first row, as a file that is written is.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly ConditionalWeakTable<sqlite3, Dictionary<string, SqliteStatement>> Prepared = [];
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    private SqliteStatement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v2(_database, sql, out _statement));
    }

    /// <summary>Whether the last run wrote something.</summary>
    public bool HasWritten => raw.sqlite3_changes(_database) > 0;

    /// <summary>The number that the last row got which the connection inserted.</summary>
    public long LastNumber => raw.sqlite3_last_insert_rowid(_database);

    /// <summary>The statement that is kept with the connection for the next time; not to be disposed of.</summary>
    public static SqliteStatement Of(SqliteConnection connection, string sql) => Of(connection.Handle!, sql);

    /// <summary>The same where SQLite itself calls, which knows no connection.</summary>
    public static SqliteStatement Of(sqlite3 database, string sql)
    {
        var prepared = Prepared.GetValue(database, _ => []);
        return prepared.TryGetValue(sql, out var known) ? known : prepared[sql] = new SqliteStatement(database, sql);
    }

    /// <summary>Lets go of what is kept with a connection: it could not be closed otherwise.</summary>
    public static void Forget(sqlite3? database)
    {
        if (database is not null && Prepared.TryGetValue(database, out var prepared))
        {
            Prepared.Remove(database);
            foreach (var statement in prepared.Values)
            {
                statement.Dispose();
            }
        }
    }

    /// <summary>The place of a parameter by its name without <c>@</c>; 0 where the statement has none of the name.</summary>
    public int Place(string name)
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, name, out var isKnown);
        return isKnown ? place : place = raw.sqlite3_bind_parameter_index(_statement, $"@{name}");
    }

    public void Bind(int place, string? text) => Check(text is null ? raw.sqlite3_bind_null(_statement, place) : BindText(place, text));

    public void Bind(int place, long number) => Check(raw.sqlite3_bind_int64(_statement, place, number));

    /// <summary>A text that is UTF-8 already.</summary>
    public void BindText(int place, ReadOnlySpan<byte> text) => Check(text.IsEmpty ? raw.sqlite3_bind_text(_statement, place, utf8z.FromString("")) : raw.sqlite3_bind_text(_statement, place, text));

    public void Bind(int place, ReadOnlySpan<byte> bytes) => Check(raw.sqlite3_bind_blob(_statement, place, bytes));

    /// <summary>Goes to the next row; false after the last.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        result = IsLocked(result) ? StepOnceFree() : result;
        if (result is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            _ = raw.sqlite3_reset(_statement);
            Check(result);
        }

        return result is raw.SQLITE_ROW;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public ReadOnlySpan<byte> Utf8(int column)
    {
        // A database may keep its texts as UTF-16: asked for a text, SQLite makes it the UTF-8 that the bytes are asked of then.
        _ = raw.sqlite3_column_text(_statement, column);
        return raw.sqlite3_column_blob(_statement, column);
    }

    /// <summary>Bytes that are there until the next step.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    public void Reset() => Check(raw.sqlite3_reset(_statement));

    /// <summary>Runs it to the end with what is bound.</summary>
    public void Run()
    {
        while (Step())
        {
        }

        Reset();
    }

    /// <summary>The number in the first column of the first row; null where there is no row.</summary>
    public long? Find()
    {
        long? found = Step() ? Number(0) : null;
        Reset();
        return found;
    }

    public void Dispose() => _statement.Dispose();

    private int StepOnceFree()
    {
        int result;
        var (began, wait) = (Stopwatch.GetTimestamp(), new SpinWait());
        do
        {
            wait.SpinOnce();
            _ = raw.sqlite3_reset(_statement);
            result = raw.sqlite3_step(_statement);
        }
        while (IsLocked(result) && Stopwatch.GetElapsedTime(began) < Patience);
        return result;
    }

    private int BindText(int place, string text)
    {
        const int small = 512;
        if (text.Length == 0)
        {
            // An empty span has no address, which SQLite would take for null.
            return raw.sqlite3_bind_text(_statement, place, utf8z.FromString(""));
        }

        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (length <= small)
        {
            Span<byte> buffer = stackalloc byte[small];
            return raw.sqlite3_bind_text(_statement, place, buffer[..Encoding.UTF8.GetBytes(text, buffer)]);
        }

        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            return raw.sqlite3_bind_text(_statement, place, rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private bool IsLocked(int result) => result is raw.SQLITE_LOCKED && raw.sqlite3_extended_errcode(_database) is raw.SQLITE_LOCKED_SHAREDCACHE;

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, _database);
}
