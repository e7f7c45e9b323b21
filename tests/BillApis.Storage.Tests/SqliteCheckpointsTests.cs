using BillApis.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;

namespace BillApis.Storage.Tests;

/// <summary>What is written is copied from the log into the file beside the writes.</summary>
public sealed class SqliteCheckpointsTests : IDisposable
{
    private const int Page = 4_096;
    private readonly string _path = SqliteFile.NewPath();

    // Each write is 20 pages and a few more; without copying, 100 of them would be more than 2,000 pages.
    [Theory]
    [InlineData(30, 60)]
    [InlineData(int.MaxValue, 60)]
    public async Task The_log_begins_anew_where_it_is_at_its_bound(int often, int most)
    {
        var slot = new SqliteWriterSlot(OpenAsync, often, most);
        for (var i = 0; i < 100; i++)
        {
            await WriteAsync(slot);
        }

        new FileInfo($"{_path}-wal").Length.ShouldBeLessThan(3 * most * Page);
        await slot.DisposeAsync();
        (await CountAsync()).ShouldBe(100);
    }

    [Fact]
    public async Task What_a_reader_has_open_stays_as_it_was_until_it_ends()
    {
        await using var slot = new SqliteWriterSlot(OpenAsync, 1, 1);
        await WriteAsync(slot);
        await using (var reader = await OpenAsync(TestContext.Current.CancellationToken))
        {
            await reader.ExecuteAsync("begin deferred");
            (await reader.ExecuteScalarAsync<long>("select count(*) from item")).ShouldBe(1);
            for (var i = 0; i < 10; i++)
            {
                await WriteAsync(slot);
            }

            (await reader.ExecuteScalarAsync<long>("select count(*) from item")).ShouldBe(1);
            await reader.ExecuteAsync("commit transaction");
        }

        (await CountAsync()).ShouldBe(11);
    }

    public void Dispose()
    {
        SqliteFile.Delete(_path);
    }

    private static async Task WriteAsync(SqliteWriterSlot slot)
    {
        await using var writer = await slot.EnterAsync(TestContext.Current.CancellationToken);
        await writer.Connection.ExecuteAsync("insert into item (body) values (zeroblob(@size))", new { size = 20 * Page });
    }

    private async Task<SqliteConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection($"Data Source={_path};Pooling=False");
        await connection.OpenAsync(cancellationToken);
        await connection.ExecuteAsync("pragma journal_mode = wal; create table if not exists item (id integer primary key, body blob)");
        return connection;
    }

    private async Task<long> CountAsync()
    {
        await using var connection = await OpenAsync(default);
        return await connection.ExecuteScalarAsync<long>("select count(*) from item");
    }
}
