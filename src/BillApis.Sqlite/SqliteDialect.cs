using System.Data.Common;
using System.Runtime.CompilerServices;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Microsoft.Data.Sqlite;
using NodaTime;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>SQLite 3.35 or later: one writer at a time, many readers, every commit on disk before it is answered.</summary>
internal sealed class SqliteDialect : SqlDialect
{
    private const int BusySeconds = 30;

    // SQLite's own 2 MB are used up by one batch, which then writes every page several times.
    private const int CacheKilobytes = 32_768;

    // Leaves of indexes whose keys come in no order: what one batch read and changed, the next often needs again.
    private const int WriterCacheKilobytes = 131_072;

    private readonly string _connectionString;
    private readonly string _file;
    private readonly string _durability;
    private readonly string _time;
    private readonly SqliteWriterSlot _writer;
    private readonly ConditionalWeakTable<sqlite3, SqliteDialect> _prepared = [];
    private volatile bool _isLogged;
    private volatile string? _opened;

    static SqliteDialect()
    {
        Batteries_V2.Init();

        // Counts of SQLite's own memory, which nobody reads, would take one lock for all threads at every allocation. Refused without harm where SQLite is in use already.
        const int countMemory = 9;
        _ = raw.sqlite3_config(countMemory, 0);
    }

    public SqliteDialect(string connectionString, SqliteDurability durability)
    {
        _durability = durability is SqliteDurability.Normal ? "pragma synchronous = normal" : "pragma synchronous = full";
        var builder = new SqliteConnectionStringBuilder(connectionString) { DefaultTimeout = BusySeconds };
        (_connectionString, _file) = (builder.ToString(), builder.DataSource);
        _time = $"select {Now}";
        _writer = new SqliteWriterSlot(token => ConnectAsync([], WriterCacheKilobytes, token));
    }

    public override string Name => "sqlite";

    public override string Now => "cast((julianday('now') - 2440587.5) * 86400000 as integer) * 1000";

    public override string? LockExclusive => null;

    public override string? LockShared => null;

    public override string ForUpdate => "";

    public override string ForUpdateSkipLocked => "";

    public override int UsageWriters => 1;

    public override IUsageLog UsageLog { get; } = new SqliteUsageLog();

    public override IOldUsage OldUsage => new SqliteOldUsage(UsageLog);

    public override async Task<DbConnection> OpenAsync(TenantId? tenant, CancellationToken cancellationToken) => await ConnectAsync(_prepared, CacheKilobytes, cancellationToken).ConfigureAwait(false);

    public override Task<SqlWriter> OpenWriterAsync(CancellationToken cancellationToken) => _writer.EnterAsync(cancellationToken);

    public override bool HasOneWriter => true;

    public override Instant? SoleWriterTime(DbConnection connection) => SqlTime.FromMicroseconds(SqliteStatement.Of((SqliteConnection)connection, _time).Find()!.Value);

    public override bool TryWrite(DbConnection connection, TenantId tenant, SqlRows row, Func<string, string> sql)
    {
        try
        {
            return SqliteRows.Write((SqliteConnection)connection, tenant, row, sql, default) is [true];
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is raw.SQLITE_BUSY)
        {
            return false;
        }
    }

    public override IDisposable Adopt(DbTransaction transaction)
    {
        if (transaction is not SqliteTransaction { Connection: { } connection })
        {
            throw new ArgumentException($"Billing is on SQLite; the transaction must be an open {nameof(SqliteTransaction)}, not a {transaction.GetType().Name}.", nameof(transaction));
        }

        // As SQLite itself names the file, whatever way it was asked for.
        if (connection.DataSource != _opened)
        {
            throw new ArgumentException($"Billing is in the SQLite database '{_file}'; the transaction is of '{connection.DataSource}'.", nameof(transaction));
        }

        Register(connection);
        return new Adopted(connection);
    }

    public override string Rows(string parameter, params ReadOnlySpan<string> columns)
    {
        // The limit keeps SQLite from merging the two queries, which would write every row's text anew for each of its columns.
        var names = columns.ToArray().Select(column => column.Split(' ')[0]);
        return $"(select {string.Join(", ", names.Select(name => $"json_extract(value, '$.{name}') as {name}"))} from (select value from json_each(@{parameter}) limit -1))";
    }

    public override string Texts(string parameter) => $"(select value from json_each(@{parameter}))";

    public override Task WriteAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, CancellationToken cancellationToken) =>
        WriteAsync(transaction, tenant, rows, sql, 0, cancellationToken);

    public override Task<bool[]> WriteAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, int keyColumns, CancellationToken cancellationToken) =>
        Task.FromResult(SqliteRows.Write((SqliteConnection)transaction.Connection!, tenant, rows, sql, cancellationToken));

    public override Task<IReadOnlyList<long>> NumberAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, string column, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<long>>(SqliteRows.Write((SqliteConnection)transaction.Connection!, tenant, rows, sql, statement => statement.LastNumber, cancellationToken));

    public override Task<List<T>> ReadAsync<T>(
        DbConnection connection, DbTransaction? transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, Func<ISqlRow, T> read, CancellationToken cancellationToken) =>
        Task.FromResult(SqliteRows.Read((SqliteConnection)HeldConnection.Unwrap(connection), tenant, rows, sql, read, cancellationToken));

    public override Task<List<T>> QueryAsync<T>(
        DbConnection connection, string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters, Func<ISqlRow, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(SqliteRows.Query((SqliteConnection)HeldConnection.Unwrap(connection), sql, parameters, read));
    }

    public override string Add(string left, string right) => $"billing_add({left}, {right})";

    public override string Greatest(string left, string right) => $"billing_greatest({left}, {right})";

    public override string Least(string left, string right) => $"billing_least({left}, {right})";

    public override string? Notify(string parameter) => null;

    public override Task ListenAsync(Action listening, Action<string> told, CancellationToken cancellationToken) => Task.CompletedTask;

    public override string TenantTables => "select m.name from sqlite_master as m where m.type = 'table' and m.name like 'billing\\_%' escape '\\' and exists (select 1 from pragma_table_info(m.name) as c where c.name = 'tenant_id')";

    public override bool IsTransient(DbException exception) => false;

    public override bool IsUniqueViolation(DbException exception) => exception is SqliteException { SqliteErrorCode: raw.SQLITE_CONSTRAINT };

    public override BillingException? Refusal(DbException exception) => exception is SqliteException sqlite
        ? sqlite.SqliteErrorCode switch
        {
            raw.SQLITE_CANTOPEN => Unavailable("cannot be opened; the folder must exist and be writable", exception),
            raw.SQLITE_READONLY => Unavailable("cannot be written; the file and its folder must be writable", exception),
            raw.SQLITE_NOTADB => Unavailable("is not a SQLite database", exception),
            raw.SQLITE_CORRUPT => Unavailable("is damaged; restore it from a backup", exception),
            raw.SQLITE_FULL => Unavailable("cannot be written; the disk is full", exception),
            raw.SQLITE_IOERR => Unavailable("cannot be read or written; the disk answered with an error", exception),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => Unavailable($"is locked by another program for more than {BusySeconds} seconds", exception),
            _ => null,
        }
        : null;

    public override async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        foreach (var (handle, _) in _prepared)
        {
            SqliteStatement.Forget(handle);
        }

        SqliteConnection.ClearPool(new SqliteConnection(_connectionString));
    }

    private BillingException Unavailable(string what, Exception inner) => new(BillingErrorCode.Unavailable, $"The SQLite database '{_file}' {what}.", inner);

    // What only reads is prepared once for as long as it is pooled; what writes, each time: nobody may have changed how durable it is.
    private async Task<SqliteConnection> ConnectAsync(ConditionalWeakTable<sqlite3, SqliteDialect> prepared, int cacheKilobytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            if (!prepared.TryGetValue(connection.Handle!, out _))
            {
                Register(connection);
                await PrepareAsync(connection, cacheKilobytes, cancellationToken).ConfigureAwait(false);
                prepared.Add(connection.Handle!, this);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void Register(SqliteConnection connection)
    {
        SqliteDecimals.Register(connection);
        SqliteUsageFunctions.Register(connection);
    }

    // Write-ahead logging is a property of the file: asking once a process is enough.
    private async Task PrepareAsync(SqliteConnection connection, int cacheKilobytes, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"pragma busy_timeout = {BusySeconds * 1_000}; {(_isLogged ? "" : "pragma journal_mode = wal; ")}{_durability}; pragma cache_size = -{cacheKilobytes}";
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        (_isLogged, _opened) = (true, connection.DataSource);
    }

    private sealed class Adopted(SqliteConnection connection) : IDisposable
    {
        public void Dispose() => SqliteStatement.Forget(connection.Handle);
    }
}
