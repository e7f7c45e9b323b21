using BillApis.Storage.Sql;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>The one connection that this process writes with, lent to one caller at a time: its prepared statements and cached pages stay.</summary>
internal sealed class SqliteWriterSlot(Func<CancellationToken, Task<SqliteConnection>> open) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private SqliteConnection? _connection;

    public async Task<SqlWriter> EnterAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return new SqlWriter(_connection ??= await open(cancellationToken).ConfigureAwait(false), GiveBack);
        }
        catch
        {
            _turn.Release();
            throw;
        }
    }

    public void Dispose()
    {
        Drop();
        _turn.Dispose();
    }

    private ValueTask GiveBack()
    {
        // A transaction that could not even be undone must not become part of the next one.
        if (_connection is { Handle: var handle } && (handle is null || raw.sqlite3_get_autocommit(handle) == 0))
        {
            Drop();
        }

        _turn.Release();
        return ValueTask.CompletedTask;
    }

    private void Drop()
    {
        if (_connection is { } connection)
        {
            SqliteStatement.Forget(connection.Handle);
            connection.Dispose();
            _connection = null;
        }
    }
}
