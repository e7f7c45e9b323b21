using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>Copies what the one writer wrote from the log into the file beside its next writes; SQLite itself lets a commit wait for that.</summary>
/// <remarks>All but the copying is called by whoever has the writer.</remarks>
/// <param name="connection">What is copied with, and nothing else.</param>
/// <param name="often">How many pages are written until they are copied.</param>
/// <param name="most">How many pages the log may have; the next writer then waits until all are copied, so that it begins anew.</param>
internal sealed class SqliteCheckpoints(SqliteConnection connection, int often, int most) : IAsyncDisposable
{
    /// <summary>What SQLite does by itself.</summary>
    public const int Often = 1_000;

    /// <summary>64 MB of pages of 4 kB.</summary>
    public const int Most = 16_384;

    private Task<int?> _copying = Task.FromResult<int?>(null);
    private int _written;
    private int _logged;

    /// <summary>Waits where the log has become too long; nobody writes meanwhile.</summary>
    public async Task BeforeAsync()
    {
        if (_logged <= most)
        {
            return;
        }

        // Once all of it is copied, the next write is at its beginning. What somebody still reads as it was before stays, and counts.
        await _copying.ConfigureAwait(false);
        _logged = await StartAsync().ConfigureAwait(false) ?? _logged;
    }

    /// <summary>Counts what was written, and copies where it is enough.</summary>
    public void After(sqlite3 writer)
    {
        if (raw.sqlite3_db_status(writer, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, resetFlg: 1) == raw.SQLITE_OK)
        {
            (_written, _logged) = (_written + pages, _logged + pages);
        }

        if (_written >= often && _copying.IsCompleted)
        {
            _ = StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _copying.ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    // A thread of its own: it waits for the disk for as long as others compute.
    private Task<int?> StartAsync()
    {
        _written = 0;
        return _copying = Task.Factory.StartNew(Copy, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    // How many pages are left in the log that are not copied; null where another process copies.
    private int? Copy() =>
        raw.sqlite3_wal_checkpoint_v2(connection.Handle!, null, raw.SQLITE_CHECKPOINT_PASSIVE, out var logged, out var copied) == raw.SQLITE_OK ? logged - copied : null;
}
