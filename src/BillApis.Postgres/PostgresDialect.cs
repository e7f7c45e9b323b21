using System.Data.Common;
using System.Net.Sockets;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using NodaTime;
using Npgsql;

namespace BillApis.Postgres;

/// <summary>PostgreSQL 13 or later.</summary>
internal sealed class PostgresDialect : SqlDialect
{
    private const string Channel = "billing_change";
    private const int KeepAliveSeconds = 10;
    private readonly string _connectionString;
    private readonly NpgsqlDataSource _source;
    private readonly PostgresRowGuard _guard;

    public PostgresDialect(string connectionString, bool rowLevelSecurity)
    {
        (_connectionString, _source, _guard) = (connectionString, NpgsqlDataSource.Create(connectionString), new PostgresRowGuard(rowLevelSecurity));
        var log = new PostgresUsageLog(this);
        (UsageLog, OldUsage) = (log, new PostgresOldUsage(this, log));
    }

    public override string Name => "postgres";

    /// <summary>Whether a connection stays one session of the server; behind a pooler that lends sessions for single transactions it has to be told that it does not.</summary>
    public bool KeepsSessions => !new NpgsqlConnectionStringBuilder(_connectionString).NoResetOnClose;

    public override string Now => "cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)";

    public override string? LockExclusive => "select pg_advisory_xact_lock(@Lock)";

    public override string? LockShared => "select pg_advisory_xact_lock_shared(@Lock)";

    public override string ForUpdate => "for update";

    public override string ForUpdateSkipLocked => "for update skip locked";

    public override int UsageWriters => 4;

    public override IUsageLog UsageLog { get; }

    public override IOldUsage OldUsage { get; }

    public override IDisposable? Adopt(DbTransaction transaction)
    {
        if (transaction is not NpgsqlTransaction { Connection: { } connection })
        {
            throw new ArgumentException($"Billing is on PostgreSQL; the transaction must be an open {nameof(NpgsqlTransaction)}, not a {transaction.GetType().Name}.", nameof(transaction));
        }

        var (ours, theirs) = (new NpgsqlConnectionStringBuilder(_connectionString), new NpgsqlConnectionStringBuilder(connection.ConnectionString));
        if ((ours.Host, ours.Port, connection.Database) != (theirs.Host, theirs.Port, ours.Database ?? ours.Username))
        {
            throw new ArgumentException($"Billing is in the PostgreSQL database '{ours.Database}' at {ours.Host}:{ours.Port}; the transaction is of '{connection.Database}' at {theirs.Host}:{theirs.Port}.", nameof(transaction));
        }

        return null;
    }

    // What was told of the tenant is the transaction's, which closing the connection ends: a pooler may lend the session to others after it.
    public override async Task<DbConnection> OpenAsync(TenantId? tenant, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await _guard.IsOnAsync(connection, cancellationToken).ConfigureAwait(false))
            {
                await EnterAsync(await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false), tenant, cancellationToken).ConfigureAwait(false);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override async Task<SqlWriter> OpenWriterAsync(CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return new SqlWriter(connection, connection.DisposeAsync);
    }

    /// <summary>A connection without a transaction.</summary>
    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => _source.OpenConnectionAsync(cancellationToken);

    public override Task EnterAsync(DbTransaction transaction, TenantId? tenant, CancellationToken cancellationToken) => _guard.EnterAsync((NpgsqlConnection)transaction.Connection!, tenant, cancellationToken);

    public override Task GuardAsync(DbTransaction transaction, CancellationToken cancellationToken) => _guard.TurnOnAsync((NpgsqlConnection)transaction.Connection!, cancellationToken);

    /// <summary>Whether rows are guarded by their tenant.</summary>
    public ValueTask<bool> GuardsAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => _guard.IsOnAsync(connection, cancellationToken);

    public override bool HasOneWriter => false;

    public override Instant? SoleWriterTime(DbConnection connection) => null;

    public override bool TryWrite(DbConnection connection, TenantId tenant, SqlRows row, Func<string, string> sql) => false;

    public override string Rows(string parameter, params ReadOnlySpan<string> columns)
    {
        var typed = columns.ToArray().Select(column => column.Replace(" decimal", " numeric", StringComparison.Ordinal));
        var names = columns.ToArray().Select(column => column.Split(' ')[0]);
        return $"(select {string.Join(", ", names)} from jsonb_to_recordset(cast(@{parameter} as jsonb)) as item({string.Join(", ", typed)}))";
    }

    public override string Texts(string parameter) => $"(select value from jsonb_array_elements_text(cast(@{parameter} as jsonb)) as item(value))";

    public override Task WriteAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, CancellationToken cancellationToken) =>
        PostgresRows.WriteAsync(transaction, tenant, rows, sql, cancellationToken);

    public override Task<bool[]> WriteAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, int keyColumns, CancellationToken cancellationToken) =>
        PostgresRows.WriteAsync(transaction, tenant, rows, sql, keyColumns, cancellationToken);

    public override async Task<IReadOnlyList<long>> NumberAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, string column, CancellationToken cancellationToken) =>
        await PostgresRows.NumberAsync(transaction, tenant, rows, sql, column, cancellationToken).ConfigureAwait(false);

    public override Task<List<T>> ReadAsync<T>(
        DbConnection connection, DbTransaction? transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, Func<ISqlRow, T> read, CancellationToken cancellationToken) =>
        PostgresRows.ReadAsync(connection, transaction, tenant, rows, sql, read, cancellationToken);

    public override Task<List<T>> QueryAsync<T>(
        DbConnection connection, string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters, Func<ISqlRow, T> read, CancellationToken cancellationToken) =>
        PostgresRows.QueryAsync(PostgresRows.Command((NpgsqlConnection)HeldConnection.Unwrap(connection), sql, parameters), read, cancellationToken);

    public override string Add(string left, string right) => $"coalesce({left} + {right}, {left}, {right})";

    public override string Greatest(string left, string right) => $"greatest({left}, {right})";

    public override string Least(string left, string right) => $"least({left}, {right})";

    public override string Notify(string parameter) => $"select count(pg_notify('{Channel}', value)) from {Texts(parameter)} as told";

    public override async Task ListenAsync(Action listening, Action<string> told, CancellationToken cancellationToken)
    {
        // A connection of its own: what is told arrives only while somebody waits on it, and a broken one is noticed by its keepalive.
        var settings = new NpgsqlConnectionStringBuilder(_connectionString) { Pooling = false, KeepAlive = KeepAliveSeconds };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        connection.Notification += (_, item) => told(item.Payload);
        await using var listen = new NpgsqlCommand($"listen {Channel}", connection);
        await listen.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        listening();
        while (true)
        {
            await connection.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override string TenantTables => """
        select c.relname from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace and n.nspname = current_schema()
        join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
        where c.relkind in ('r', 'p') and not c.relispartition and c.relname like 'billing\_%'
        """;

    public override bool IsTransient(DbException exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected } || PostgresUsageLog.IsTransient(exception);

    public override bool IsUniqueViolation(DbException exception) => exception is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    public override BillingException? Refusal(DbException exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } refused =>
            Unavailable($"refuses the connection: {refused.MessageText}", exception),
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.DiskFull } refused =>
            Unavailable($"cannot serve now: {refused.MessageText}", exception),
        NpgsqlException { InnerException: SocketException or TimeoutException or IOException } => Unavailable("cannot be reached", exception),
        _ => null,
    };

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    private BillingException Unavailable(string what, Exception inner)
    {
        var builder = new NpgsqlConnectionStringBuilder(_connectionString);
        return new BillingException(BillingErrorCode.Unavailable, $"The PostgreSQL database '{builder.Database}' at {builder.Host}:{builder.Port} {what}.", inner);
    }
}
