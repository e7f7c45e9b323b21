using System.Data.Common;
using BillApis.Storage.Sql.Metering;
using Dapper;
using Npgsql;
using NpgsqlTypes;

namespace BillApis.Postgres;

/// <summary>The statements of <see cref="PostgresUsageLog"/>; what belongs together is sent at once.</summary>
internal static class PostgresUsageSql
{
    // Of sources and months only the first is sent where all rows have the same, as they nearly always do.
    public const string AddKeys =
        """
        insert into billing_usage_key (source_no, id, hash, batch_no, first, length)
        select coalesce(r.source_no, ($1)[1]), r.id, r.hash, (coalesce(r.month, ($4)[1]) << 40) + (select nextval('billing_usage_batch_no')), r.first, r.length
        from unnest($1, $2, $3, $4, $5, $6) as r(source_no, id, hash, month, first, length)
        """;

    public const string MoveKeys =
        """
        update billing_usage_key as k
        set batch_no = r.batch_no, first = r.first, length = r.length
        from (
            select coalesce(r.source_no, ($1)[1]) as source_no, r.id, (coalesce(r.month, ($4)[1]) << 40) + (select nextval('billing_usage_batch_no')) as batch_no, r.first, r.length
            from unnest($1, $2, $3, $4, $5, $6) as r(source_no, id, hash, month, first, length)
        ) as r
        where k.source_no = r.source_no and k.id = r.id
        """;

    // Divides by zero, which undoes the whole, where something was billed beyond an instant.
    private const string CheckGates = "select 1 / cast(count(*) = 0 as integer) from billing_usage_gate_end where tenant_id = $1 and closed_until > $2";

    private const string AddBatch =
        "insert into billing_usage_batch (no, tenant_id, first_at, last_at, content) values (($1 << 40) + currval('billing_usage_batch_no'), $2, $3, $4, $5)";

    private const string AddSlices =
        """
        insert into billing_usage_slice (customer_id, hour, batch_no, first, length)
        select r.customer_id, r.hour, (coalesce(r.month, ($3)[1]) << 40) + (select currval('billing_usage_batch_no')), r.first, r.length
        from unnest($1, $2, $3, $4, $5) as r(customer_id, hour, month, first, length)
        """;

    /// <summary>Writes a batch with its keys and slices.</summary>
    public static async Task WriteAsync(DbTransaction transaction, TenantId tenant, List<PostgresUsageKey> keys, PostgresUsageBatch batch, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlBatch((NpgsqlConnection)transaction.Connection!, (NpgsqlTransaction)transaction);
        Add(command, tenant, keys, batch, sql);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Enters intake, writes a batch with its keys, its slices and what it adds to the totals, and commits: one exchange with the server.</summary>
    public static async Task CommitAsync(
        NpgsqlConnection connection, bool prepares, bool guards, TenantId tenant, long usageLock, List<PostgresUsageKey> keys, PostgresUsageBatch batch, byte[] delta, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlBatch(connection);
        command.BatchCommands.Add(Command("begin isolation level read committed"));
        if (guards)
        {
            command.BatchCommands.Add(Command(PostgresRowGuard.Enter, new NpgsqlParameter<string> { TypedValue = tenant.ToString() }));
        }

        command.BatchCommands.Add(Command("select pg_advisory_xact_lock_shared($1)", new NpgsqlParameter<long> { TypedValue = usageLock }));
        command.BatchCommands.Add(Command(
            CheckGates, new NpgsqlParameter<string> { TypedValue = tenant.ToString() }, new NpgsqlParameter<long> { TypedValue = batch.Months.Min(month => month.FirstAt) }));
        Add(command, tenant, keys, batch, AddKeys);
        command.BatchCommands.Add(Command(
            UsageDeltas.Insert("(select @Totals as totals)"),
            new NpgsqlParameter<string>("Tenant", tenant.ToString()), new NpgsqlParameter<byte[]>("Totals", NpgsqlDbType.Text) { TypedValue = delta }));
        command.BatchCommands.Add(Command("commit"));
        if (prepares)
        {
            await command.PrepareAsync(cancellationToken).ConfigureAwait(false);
        }

        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether <see cref="CommitAsync"/> failed because something was billed beyond the first event.</summary>
    public static bool IsBilledBeyond(PostgresException exception) => exception.SqlState is PostgresErrorCodes.DivisionByZero;

    private static void Add(NpgsqlBatch command, TenantId tenant, List<PostgresUsageKey> keys, PostgresUsageBatch batch, string sql)
    {
        command.BatchCommands.Add(Command(
            sql,
            Shared(keys, NpgsqlDbType.Integer, static key => key.Source),
            Column(keys, NpgsqlDbType.Text, static key => key.Entry.Item.Event.Id),
            Column(keys, NpgsqlDbType.Text, static key => key.Entry.Item.Hash),
            Shared(batch.Places, NpgsqlDbType.Bigint, static place => place.Month),
            Column(batch.Places, NpgsqlDbType.Integer, static place => place.First),
            Column(batch.Places, NpgsqlDbType.Integer, static place => place.Length)));
        foreach (var month in batch.Months)
        {
            command.BatchCommands.Add(Command(
                AddBatch,
                new NpgsqlParameter<long> { TypedValue = month.Number }, new NpgsqlParameter<string> { TypedValue = tenant.ToString() },
                new NpgsqlParameter<long> { TypedValue = month.FirstAt }, new NpgsqlParameter<long> { TypedValue = month.LastAt }, new NpgsqlParameter<ArraySegment<byte>> { TypedValue = batch.Content(month) }));
        }

        if (batch.Slices.Count > 0)
        {
            command.BatchCommands.Add(Command(
                AddSlices,
                Column(batch.Slices, NpgsqlDbType.Text, static slice => slice.Customer),
                Column(batch.Slices, NpgsqlDbType.Bigint, static slice => slice.Hour),
                Shared(batch.Slices, NpgsqlDbType.Bigint, static slice => slice.Place.Month),
                Column(batch.Slices, NpgsqlDbType.Integer, static slice => slice.Place.First),
                Column(batch.Slices, NpgsqlDbType.Integer, static slice => slice.Place.Length)));
        }
    }

    /// <summary>The hashes of the keys that are there.</summary>
    public static async Task<Dictionary<(int Source, string Id), string>> HashesAsync(DbTransaction transaction, List<PostgresUsageKey> keys, CancellationToken cancellationToken) =>
        (await transaction.Connection!.QueryAsync<(int Source, string Id, string Hash)>(new CommandDefinition(
            """
            select r.source_no, r.id, k.hash
            from unnest(@Sources, @Ids) as r(source_no, id)
            cross join lateral (select k.hash from billing_usage_key as k where k.source_no = r.source_no and k.id = r.id offset 0) as k
            """,
            Parameters(keys),
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false)).ToDictionary(row => (row.Source, row.Id), row => row.Hash);

    /// <summary>How many of the keys stand for events whose batch is archived.</summary>
    public static Task<long> CountArchivedAsync(DbTransaction transaction, List<PostgresUsageKey> keys, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            select count(*)
            from unnest(@Sources, @Ids) as r(source_no, id) join billing_usage_key as k on k.source_no = r.source_no and k.id = r.id
            where not exists (select 1 from billing_usage_batch as b where b.no = k.batch_no)
            """,
            Parameters(keys),
            transaction,
            cancellationToken: cancellationToken));

    /// <summary>Takes events out of the batches that they are in; the others stay where they are.</summary>
    public static async Task BlankAsync(DbTransaction transaction, List<PostgresUsageKey> keys, CancellationToken cancellationToken)
    {
        // Keys first, then batches, both in one order: somebody else may move other events of the same batches.
        var places = (await transaction.Connection!.QueryAsync<(long No, int First, int Length)>(new CommandDefinition(
            """
            select k.batch_no, k.first, k.length
            from unnest(@Sources, @Ids) as r(source_no, id) join billing_usage_key as k on k.source_no = r.source_no and k.id = r.id
            order by k.source_no, k.id
            for update of k
            """,
            Parameters(keys),
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        var contents = (await transaction.Connection!.QueryAsync<(long No, byte[] Content)>(new CommandDefinition(
            "select no, content from billing_usage_batch where no = any(@Numbers) order by no for update",
            new { Numbers = places.Select(place => place.No).Distinct().ToArray() },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false)).ToDictionary(row => row.No, row => row.Content);
        foreach (var (no, first, length) in places)
        {
            contents[no].AsSpan(first, length).Fill(PostgresUsageBatch.LineEnd);
        }

        foreach (var (no, content) in contents)
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                "update billing_usage_batch set content = @content where no = @no", new { no, content }, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
        }
    }

    private static object Parameters(List<PostgresUsageKey> keys) => new { Sources = keys.Select(key => key.Source).ToArray(), Ids = keys.Select(key => key.Entry.Item.Event.Id).ToArray() };

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static NpgsqlParameter<T[]> Shared<TRow, T>(IReadOnlyList<TRow> rows, NpgsqlDbType type, Func<TRow, T> value) where T : struct, IEquatable<T>
    {
        var column = Column(rows, type, value);
        column.TypedValue = column.TypedValue.AsSpan().ContainsAnyExcept(column.TypedValue![0]) ? column.TypedValue : column.TypedValue[..1];
        return column;
    }

    private static NpgsqlParameter<T[]> Column<TRow, T>(IReadOnlyList<TRow> rows, NpgsqlDbType type, Func<TRow, T> value)
    {
        var column = new T[rows.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(rows[i]);
        }

        return new NpgsqlParameter<T[]> { NpgsqlDbType = NpgsqlDbType.Array | type, TypedValue = column };
    }
}
