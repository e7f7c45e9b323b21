using System.Data.Common;
using BillApis.Storage.Sql.Metering;
using NodaTime;

namespace BillApis.Storage.Sql;

/// <summary>All that differs between the SQL databases; everything else is one portable statement.</summary>
internal abstract class SqlDialect : IAsyncDisposable
{
    /// <summary>Names the migrations that are this database's own: <c>0002_x.postgres.sql</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Opens a connection to read with: the tenant's rows, or those of all where it is null.</summary>
    public abstract Task<DbConnection> OpenAsync(TenantId? tenant, CancellationToken cancellationToken);

    /// <summary>Tells a database that guards rows by their tenant whose the transaction is about from here on; null for all.</summary>
    public virtual Task EnterAsync(DbTransaction transaction, TenantId? tenant, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Has the database guard rows by their tenant, where that is wanted, once its tables are there.</summary>
    public virtual Task GuardAsync(DbTransaction transaction, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Opens a connection to write with; a database with one writer makes callers wait for the one that it has.</summary>
    public abstract Task<SqlWriter> OpenWriterAsync(CancellationToken cancellationToken);

    /// <summary>How many transactions of usage may be open at once.</summary>
    public abstract int UsageWriters { get; }

    /// <summary>Whether one process writes at a time, through one connection.</summary>
    public abstract bool HasOneWriter { get; }

    /// <summary>The time by the database's clock, where one process writes at a time; null where many write.</summary>
    public abstract Instant? SoleWriterTime(DbConnection connection);

    /// <summary>Runs a statement in a transaction of its own, which it begins and ends in one go.</summary>
    /// <returns>Whether it changed anything: not where another process writes just now, nor where many write.</returns>
    public abstract bool TryWrite(DbConnection connection, TenantId tenant, SqlRows row, Func<string, string> sql);

    /// <summary>Makes a caller's own transaction ready for our statements; what is returned ends that.</summary>
    /// <exception cref="ArgumentException">It is of another database.</exception>
    public abstract IDisposable? Adopt(DbTransaction transaction);

    /// <summary>Keeps usage events.</summary>
    public abstract IUsageLog UsageLog { get; }

    /// <summary>Takes archived events out.</summary>
    public abstract IOldUsage OldUsage { get; }

    /// <summary>
    /// The rows of one JSON array parameter as a derived table without a name; columns are <c>name type</c>
    /// with the types text, bigint and decimal. Append an alias: <c>from {Rows("Items", "id text")} as r</c>.
    /// </summary>
    public abstract string Rows(string parameter, params ReadOnlySpan<string> columns);

    /// <summary>The database's own clock, in microseconds since 1970: what leases follow, so that nodes need not agree on the time.</summary>
    public abstract string Now { get; }

    /// <summary>The texts of one JSON array parameter as a derived table without a name, with the one column <c>value</c>.</summary>
    public abstract string Texts(string parameter);

    /// <summary>Runs a statement over many rows in the way that is fastest here.</summary>
    /// <param name="transaction">The transaction to run in.</param>
    /// <param name="tenant">The value of <c>@Tenant</c>.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="sql">Makes the statement, given the rows as a derived table without a name; it must do with each row what it does with all.</param>
    /// <param name="cancellationToken">Stops the statement.</param>
    public abstract Task WriteAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, CancellationToken cancellationToken);

    /// <summary>The same, and says which of the rows wrote something; the columns that are the table's key come first in the rows.</summary>
    public abstract Task<bool[]> WriteAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, int keyColumns, CancellationToken cancellationToken);

    /// <summary>Runs an insert over many rows; answers the numbers that the database gave them, in their order.</summary>
    /// <param name="transaction">The transaction to run in.</param>
    /// <param name="tenant">The value of <c>@Tenant</c>.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="sql">Makes the statement, given the rows as a derived table without a name.</param>
    /// <param name="column">The column that the database numbers.</param>
    /// <param name="cancellationToken">Stops the statement.</param>
    public abstract Task<IReadOnlyList<long>> NumberAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, string column, CancellationToken cancellationToken);

    /// <summary>What a query over many rows finds, all as of one moment, in the way that is fastest here.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction that it runs in, if any.</param>
    /// <param name="tenant">The value of <c>@Tenant</c>.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="sql">Makes the statement, given the rows as a derived table without a name; it must find for each row what it finds for all.</param>
    /// <param name="read">Reads what was found.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public abstract Task<List<T>> ReadAsync<T>(
        DbConnection connection, DbTransaction? transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, Func<ISqlRow, T> read, CancellationToken cancellationToken);

    /// <summary>What a query finds, in the way that is fastest here; one that is asked again and again is parsed once.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="sql">The query.</param>
    /// <param name="parameters">The values of its parameters, by their names without <c>@</c>; those that it does not name are left out.</param>
    /// <param name="read">Reads a row.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public abstract Task<List<T>> QueryAsync<T>(DbConnection connection, string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters, Func<ISqlRow, T> read, CancellationToken cancellationToken);

    /// <summary>The exact sum of two decimals that are stored as this database stores decimals.</summary>
    public abstract string Add(string left, string right);

    /// <summary>The greater of two stored decimals, or the one that is not null.</summary>
    public abstract string Greatest(string left, string right);

    /// <summary>The lesser of two stored decimals, or the one that is not null.</summary>
    public abstract string Least(string left, string right);

    /// <summary>Waits, until the transaction ends, for every transaction that holds this lock; null where one writer makes it needless.</summary>
    /// <remarks>The parameter is <c>@Lock</c>, a <c>bigint</c>.</remarks>
    public abstract string? LockExclusive { get; }

    /// <summary>Lets others share the lock, and waits for the one that holds it exclusively; null where one writer makes it needless.</summary>
    public abstract string? LockShared { get; }

    /// <summary>The end of a query that holds the rows it reads until the transaction ends; empty where one writer makes it needless.</summary>
    public abstract string ForUpdate { get; }

    /// <summary>The end of a query that claims rows which no other node has claimed.</summary>
    public abstract string ForUpdateSkipLocked { get; }

    /// <summary>Tells other processes the texts of one JSON array parameter, once the transaction is committed; null where that cannot be told.</summary>
    public abstract string? Notify(string parameter);

    /// <summary>Passes on what other processes tell, until the token stops it or the connection is lost; returns at once where nothing can be told.</summary>
    /// <param name="listening">Called once everything that is told from now on will be passed on.</param>
    /// <param name="told">Called with each text.</param>
    /// <param name="cancellationToken">Stops listening.</param>
    public abstract Task ListenAsync(Action listening, Action<string> told, CancellationToken cancellationToken);

    /// <summary>Lists the tables whose rows belong to tenants.</summary>
    public abstract string TenantTables { get; }

    /// <summary>Whether the write lost a race and can simply be run again.</summary>
    public abstract bool IsTransient(DbException exception);

    /// <summary>Whether a unique index refused a row.</summary>
    public abstract bool IsUniqueViolation(DbException exception);

    /// <summary>The one clear error for a database that cannot be opened, reached or written; null for any other failure.</summary>
    public abstract BillingException? Refusal(DbException exception);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
