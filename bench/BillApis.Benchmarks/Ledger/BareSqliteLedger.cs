using BillApis.Ledger;
using Microsoft.Data.Sqlite;

namespace BillApis.Benchmarks.Ledger;

/// <summary>The same rows by bare prepared inserts, and one update for each account with what the batch adds to it; nothing is checked or looked up.</summary>
internal sealed class BareSqliteLedger : IDisposable
{
    private readonly SqliteConnection _connection;

    public BareSqliteLedger(string path)
    {
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
        using var create = _connection.CreateCommand();
        create.CommandText = """
            pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -32768;
            create table account (tenant_id text not null, id text not null, debits bigint not null, credits bigint not null, primary key (tenant_id, id));
            create table transfer (tenant_id text not null, id text not null, debit_id text not null, credit_id text not null, asset text not null, amount bigint not null,
              at bigint not null, kind bigint not null, cause text not null, step bigint not null, linked bigint not null, primary key (tenant_id, id));
            create index transfer_debit on transfer (tenant_id, debit_id, at, id);
            create index transfer_credit on transfer (tenant_id, credit_id, at, id);
            create index transfer_at on transfer (tenant_id, at);
            """;
        create.ExecuteNonQuery();
    }

    public void Open(IEnumerable<string> accounts)
    {
        using var transaction = _connection.BeginTransaction();
        using var command = Prepare(transaction, "insert into account (tenant_id, id, debits, credits) values (@p0, @p1, 0, 0) on conflict do nothing", 2);
        foreach (var id in accounts)
        {
            Run(command, TenantId.Default.ToString(), id);
        }

        transaction.Commit();
    }

    public void Insert(IReadOnlyList<object[]> rows, IReadOnlyList<object[]> changes)
    {
        using var transaction = _connection.BeginTransaction();
        using var insert = Prepare(
            transaction, "insert into transfer (tenant_id, id, debit_id, credit_id, asset, amount, at, kind, cause, step, linked) values (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10)", 11);
        foreach (var row in rows)
        {
            Run(insert, row);
        }

        using var update = Prepare(transaction, "update account set debits = debits + @p2, credits = credits + @p3 where tenant_id = @p0 and id = @p1", 4);
        foreach (var change in changes)
        {
            Run(update, change);
        }

        transaction.Commit();
    }

    /// <summary>A batch as its rows, and as the sums by account.</summary>
    public static (object[][] Rows, object[][] Changes) Rows(IReadOnlyList<Transfer> batch)
    {
        var tenant = TenantId.Default.ToString();
        var (ids, sums) = (new Dictionary<Account, string>(), new Dictionary<string, (long Debits, long Credits)>());
        var rows = batch.Select(transfer =>
        {
            var (debit, credit) = (IdOf(transfer.Debit), IdOf(transfer.Credit));
            sums[debit] = (sums.GetValueOrDefault(debit).Debits + transfer.Amount, sums.GetValueOrDefault(debit).Credits);
            sums[credit] = (sums.GetValueOrDefault(credit).Debits, sums.GetValueOrDefault(credit).Credits + transfer.Amount);
            return new object[] { tenant, transfer.Id.ToString(), debit, credit, "USD/2", transfer.Amount, transfer.At.ToUnixTimeTicks() / 10, (long)transfer.Kind, transfer.Cause, 0L, transfer.Linked ? 1L : 0L };
        }).ToArray();
        return (rows, [.. sums.Select(sum => new object[] { tenant, sum.Key, sum.Value.Debits, sum.Value.Credits })]);

        string IdOf(Account account) => ids.TryGetValue(account, out var id) ? id : ids[account] = account.IdIn(TenantId.Default).ToString();
    }

    public void Dispose() => _connection.Dispose();

    private SqliteCommand Prepare(SqliteTransaction transaction, string sql, int parameters)
    {
        var command = _connection.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, transaction);
        for (var i = 0; i < parameters; i++)
        {
            command.Parameters.Add(new SqliteParameter($"@p{i}", null));
        }

        return command;
    }

    private static void Run(SqliteCommand command, params object[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        command.ExecuteNonQuery();
    }
}
