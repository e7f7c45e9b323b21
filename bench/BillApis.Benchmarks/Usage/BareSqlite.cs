using BillApis.Metering;
using Microsoft.Data.Sqlite;

namespace BillApis.Benchmarks.Usage;

/// <summary>The same rows by a bare prepared insert through Microsoft.Data.Sqlite, unique by source and id; nothing is validated, looked up or counted.</summary>
internal sealed class BareSqlite : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;

    public BareSqlite(string path)
    {
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
        using var create = _connection.CreateCommand();
        create.CommandText = """
            pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -32768;
            create table usage (source text not null, id text not null, type text not null, customer text not null, at bigint not null, recorded_at bigint not null, properties text not null, unique (source, id))
            """;
        create.ExecuteNonQuery();
        _insert = _connection.CreateCommand();
        _insert.CommandText = "insert into usage (source, id, type, customer, at, recorded_at, properties) values (@source, @id, @type, @customer, @at, @recorded_at, @properties) on conflict do nothing";
        foreach (var name in (string[])["@source", "@id", "@type", "@customer", "@at", "@recorded_at", "@properties"])
        {
            _insert.Parameters.Add(new SqliteParameter(name, null));
        }
    }

    public void Insert(IReadOnlyList<(UsageEvent Item, string Properties)> rows)
    {
        using var transaction = _connection.BeginTransaction();
        _insert.Transaction = transaction;
        foreach (var (item, properties) in rows)
        {
            var at = item.Timestamp!.Value.ToUnixTimeTicks() / 10;
            object[] values = [item.Source, item.Id, item.Type, item.Customer, at, at, properties];
            for (var i = 0; i < values.Length; i++)
            {
                _insert.Parameters[i].Value = values[i];
            }

            _insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    public void Dispose()
    {
        _insert.Dispose();
        _connection.Dispose();
    }
}
