using System.Data.Common;
using BillApis.Storage.Sql;
using Npgsql;
using NpgsqlTypes;

namespace BillApis.Postgres;

/// <summary>Many rows as one array for each column: one statement, whatever their number.</summary>
internal static class PostgresRows
{
    public static async Task WriteAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, CancellationToken cancellationToken)
    {
        await using var command = Command(transaction, tenant, rows, sql(Table(rows)));
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    public static async Task<bool[]> WriteAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, int keyColumns, CancellationToken cancellationToken)
    {
        var keys = string.Join(", ", rows.Columns.Take(keyColumns).Select(column => column.Name));
        await using var command = Command(transaction, tenant, rows, $"{sql(Table(rows))} returning {keys}");
        var written = new HashSet<string>(rows.Count, StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            written.Add(string.Join('\n', Enumerable.Range(0, keyColumns).Select(reader.GetString)));
        }

        return [.. Enumerable.Range(0, rows.Count).Select(row => written.Contains(string.Join('\n', Enumerable.Range(0, keyColumns).Select(column => rows[row, column].Text))))];
    }

    /// <summary>The numbers of inserted rows: one process inserts them in the order of the arrays and answers each as it is inserted.</summary>
    public static Task<List<long>> NumberAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, string column, CancellationToken cancellationToken) =>
        QueryAsync(Command(transaction, tenant, rows, $"{sql(Table(rows))} returning {column}"), row => row.Number(0), cancellationToken);

    public static Task<List<T>> ReadAsync<T>(
        DbConnection connection, DbTransaction? transaction, TenantId tenant, SqlRows rows, Func<string, string> sql, Func<ISqlRow, T> read, CancellationToken cancellationToken) =>
        QueryAsync(Command((NpgsqlConnection)HeldConnection.Unwrap(connection), (NpgsqlTransaction?)transaction, tenant, rows, sql(Table(rows, array => $"(select {array})"))), read, cancellationToken);

    /// <summary>What a query finds; the command is over then.</summary>
    public static async Task<List<T>> QueryAsync<T>(NpgsqlCommand query, Func<ISqlRow, T> read, CancellationToken cancellationToken)
    {
        var found = new List<T>();
        await using var command = query;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        for (var row = new Row(reader); await reader.ReadAsync(cancellationToken).ConfigureAwait(false);)
        {
            found.Add(read(row));
        }

        return found;
    }

    // Behind a select the planner does not see how long an array is, and looks each row up by the index. Knowing of thousands, and nothing of the tenant, it would read all that the tenant has.
    private static string Table(SqlRows rows, Func<string, string>? hide = null)
    {
        var names = rows.Columns.Select(column => column.Type == "decimal" ? $"cast({column.Name} as numeric) as {column.Name}" : column.Name);
        return $"(select {string.Join(", ", names)} from unnest({string.Join(", ", rows.Columns.Select((_, i) => hide?.Invoke($"@c{i}") ?? $"@c{i}"))}) as item({string.Join(", ", rows.Columns.Select(column => column.Name))}))";
    }

    private static NpgsqlCommand Command(DbTransaction transaction, TenantId tenant, SqlRows rows, string sql) =>
        Command((NpgsqlConnection)transaction.Connection!, (NpgsqlTransaction)transaction, tenant, rows, sql);

    private static NpgsqlCommand Command(NpgsqlConnection connection, NpgsqlTransaction? transaction, TenantId tenant, SqlRows rows, string sql)
    {
        var command = new NpgsqlCommand(sql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<string>("Tenant", tenant.ToString()));
        for (var i = 0; i < rows.Columns.Length; i++)
        {
            command.Parameters.Add(rows.Columns[i].Type == "bigint"
                ? new NpgsqlParameter<long?[]>($"c{i}", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { TypedValue = Column(rows, i, value => value.Number) }
                : rows.Count > 0 && rows[0, i].Utf8 is not null
                    ? new NpgsqlParameter<byte[]?[]>($"c{i}", NpgsqlDbType.Array | NpgsqlDbType.Text) { TypedValue = Column(rows, i, value => value.Utf8 is { } text ? text.Count == text.Array!.Length ? text.Array : text.ToArray() : null) }
                    : new NpgsqlParameter<string?[]>($"c{i}", NpgsqlDbType.Array | NpgsqlDbType.Text) { TypedValue = Column(rows, i, value => value.Text) });
        }

        return command;
    }

    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.Add(value.Number is { } number ? new NpgsqlParameter<long>(name, number) : new NpgsqlParameter<string?>(name, NpgsqlDbType.Text) { TypedValue = value.Text });
        }

        return command;
    }

    private static T[] Column<T>(SqlRows rows, int column, Func<SqlValue, T> read)
    {
        var values = new T[rows.Count];
        for (var row = 0; row < values.Length; row++)
        {
            values[row] = read(rows[row, column]);
        }

        return values;
    }

    private sealed class Row(NpgsqlDataReader reader) : ISqlRow
    {
        public bool IsNull(int column) => reader.IsDBNull(column);

        public long Number(int column) => reader.GetInt64(column);

        public string Text(int column) => reader.GetString(column);

        public ReadOnlySpan<byte> Utf8(int column) => reader.GetFieldValue<byte[]>(column);
    }
}
