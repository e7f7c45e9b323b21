using Npgsql;

namespace BillApis.Host.Tests;

/// <summary>A write of one kind that waits on PostgreSQL until the test lets it go.</summary>
public sealed class HeldWrite : IAsyncDisposable
{
    private const int Lock = 42;
    private readonly NpgsqlDataSource _database;
    private readonly NpgsqlConnection _holder;
    private readonly string _table;

    private HeldWrite(NpgsqlDataSource database, NpgsqlConnection holder, string table) => (_database, _holder, _table) = (database, holder, table);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Holds what a trigger is for.</summary>
    /// <param name="database">The database.</param>
    /// <param name="trigger">When the trigger fires, the table in the fourth place: <c>before insert on billing_invoice for each row</c>.</param>
    public static async Task<HeldWrite> StartAsync(string database, string trigger)
    {
        var source = NpgsqlDataSource.Create(database);
        var held = new HeldWrite(source, await source.OpenConnectionAsync(Token), trigger.Split(' ')[3]);
        await held.ExecuteAsync($"""
            create function wait_for_test() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock({Lock}); return new; end $$;
            create trigger wait_for_test {trigger} execute function wait_for_test();
            select pg_advisory_lock({Lock});
            """);
        return held;
    }

    /// <summary>Waits until somebody writes it.</summary>
    public Task ReachedAsync() => Eventually.TrueAsync(async () => await CountAsync($"pg_locks where locktype = 'advisory' and not granted and objid = {Lock}") >= 1);

    /// <summary>How many rows there are now.</summary>
    public async Task<long> CountAsync(string from)
    {
        await using var command = _database.CreateCommand($"select count(*) from {from}");
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    /// <summary>Holds nothing any more, where whoever wrote it is gone.</summary>
    public Task DropAsync() => ExecuteAsync($"drop trigger wait_for_test on {_table}; select pg_advisory_unlock({Lock})");

    /// <summary>Lets whoever writes it go on.</summary>
    public Task ReleaseAsync() => ExecuteAsync($"select pg_advisory_unlock({Lock})");

    public async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _holder);
        await command.ExecuteNonQueryAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _holder.DisposeAsync();
        await _database.DisposeAsync();
    }
}
