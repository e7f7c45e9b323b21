using BillApis.Storage.Sql;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>The one connection that this process writes with, lent to one caller at a time: its prepared statements and cached pages stay.</summary>
internal sealed class SqliteWriterSlot(Func<CancellationToken, Task<SqliteConnection>> open, int often = SqliteCheckpoints.Often, int most = SqliteCheckpoints.Most) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private SqliteConnection? _connection;
    private SqliteCheckpoints? _checkpoints;

    public async Task<SqlWriter> EnterAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _checkpoints ??= new SqliteCheckpoints(await open(cancellationToken).ConfigureAwait(false), often, most);
            await _checkpoints.BeforeAsync().ConfigureAwait(false);
            return new SqlWriter(_connection ??= await OpenAsync(cancellationToken).ConfigureAwait(false), GiveBack);
        }
        catch
        {
            _turn.Release();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Drop();
        if (_checkpoints is { } checkpoints)
        {
            await checkpoints.DisposeAsync().ConfigureAwait(false);
        }

        _turn.Dispose();
    }

    private async Task<SqliteConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await open(cancellationToken).ConfigureAwait(false);
        _ = raw.sqlite3_wal_autocheckpoint(connection.Handle!, 0);
        return connection;
    }

    private ValueTask GiveBack()
    {
        // A transaction that could not even be undone must not become part of the next one.
        if (_connection is { Handle: var handle } && (handle is null || raw.sqlite3_get_autocommit(handle) == 0))
        {
            Drop();
        }

        if (_connection is { Handle: { } writer })
        {
            _checkpoints?.After(writer);
        }

        _turn.Release();
        return ValueTask.CompletedTask;
    }

    private void Drop()
    {
        if (_connection is { } connection)
        {
            SqliteStatement.Forget(connection.Handle);
            if (connection.Handle is { } handle)
            {
                // Whoever has it from the pool next knows nothing of this.
                _ = raw.sqlite3_wal_autocheckpoint(handle, SqliteCheckpoints.Often);
            }

            connection.Dispose();
            _connection = null;
        }
    }
}
