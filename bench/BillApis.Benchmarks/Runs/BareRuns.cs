using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace BillApis.Benchmarks.Runs;

/// <summary>The same rows into the same tables with the same indexes, by bare prepared inserts or COPY; nothing is read, computed or checked.</summary>
internal static class BareRuns
{
    private const int BatchSize = 1_000;

    /// <summary>Makes room for the rows that a run changes in place; not part of what is timed.</summary>
    public static async Task EmptyAsync(DbConnection connection)
    {
        foreach (var table in FinalRows.Changed)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"delete from {table}";
            await command.ExecuteNonQueryAsync();
        }
    }

    public static void Insert(SqliteConnection connection, IReadOnlyList<FinalRows> all)
    {
        foreach (var table in all)
        {
            using var insert = connection.CreateCommand();
            insert.CommandText = $"insert into {table.Table} ({string.Join(", ", table.Columns)}) values ({string.Join(", ", table.Columns.Select((_, i) => $"@p{i}"))})";
            for (var i = 0; i < table.Columns.Count; i++)
            {
                insert.Parameters.Add(new SqliteParameter($"@p{i}", null));
            }

            foreach (var batch in table.Rows.Chunk(BatchSize))
            {
                using var transaction = connection.BeginTransaction();
                insert.Transaction = transaction;
                foreach (var row in batch)
                {
                    for (var i = 0; i < row.Length; i++)
                    {
                        insert.Parameters[i].Value = row[i];
                    }

                    insert.ExecuteNonQuery();
                }

                transaction.Commit();
            }
        }
    }

    /// <summary>Every table at once, its rows shared by all connections.</summary>
    public static Task CopyAsync(NpgsqlDataSource source, int connections, IReadOnlyList<FinalRows> all) => Task.WhenAll(Enumerable.Range(0, connections).Select(part => Task.Run(async () =>
    {
        await using var connection = await source.OpenConnectionAsync();
        foreach (var table in all)
        {
            await using var copy = await connection.BeginBinaryImportAsync($"copy {table.Table} ({string.Join(", ", table.Columns)}) from stdin (format binary)");
            for (var i = part; i < table.Rows.Count; i += connections)
            {
                await copy.StartRowAsync();
                foreach (var value in table.Rows[i])
                {
                    await (value switch
                    {
                        DBNull => copy.WriteNullAsync(),
                        long number => copy.WriteAsync(number),
                        string text => copy.WriteAsync(text),
                        _ => copy.WriteAsync(value),
                    });
                }
            }

            await copy.CompleteAsync();
        }
    })));
}
