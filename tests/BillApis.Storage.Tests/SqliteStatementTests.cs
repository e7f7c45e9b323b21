using BillApis.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Storage.Tests;

/// <summary>Memory that connections share has no snapshots: who writes a table waits for those who read it.</summary>
public sealed class SqliteStatementTests
{
    [Fact]
    public void A_table_of_shared_memory_that_is_read_is_waited_for()
    {
        using var reader = new SqliteConnection("Data Source=statements;Mode=Memory;Cache=Shared");
        using var writer = new SqliteConnection(reader.ConnectionString);
        reader.Open();
        writer.Open();
        Run(reader, "create table item (id integer primary key)");
        Run(reader, "begin");
        Run(reader, "select count(*) from item");
        using (var locked = raw.sqlite3_prepare_v2(writer.Handle, "insert into item values (1)", out var statement) is raw.SQLITE_OK ? statement : null)
        {
            raw.sqlite3_step(locked).ShouldBe(raw.SQLITE_LOCKED);
        }

        var failure = default(Exception);
        var thread = new Thread(() => failure = Record.Exception(() => Run(writer, "insert into item values (2)")));
        thread.Start();
        SpinWait.SpinUntil(() => !thread.IsAlive || thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        Run(reader, "commit");
        thread.Join();

        failure.ShouldBeNull();
        SqliteStatement.Of(reader, "select group_concat(id) from item where id > 0").Find().ShouldBe(2);
        SqliteStatement.Forget(reader.Handle);
        SqliteStatement.Forget(writer.Handle);
    }

    [Theory]
    [InlineData("UTF-8")]
    [InlineData("UTF-16")]
    public void A_text_is_read_as_UTF_8_however_the_database_keeps_it(string encoding)
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Run(connection, $"pragma encoding = '{encoding}'");
        Run(connection, "create table item (body text)");
        Run(connection, "insert into item values ('Zürich 東京'), ('')");

        var read = SqliteRows.Query(connection, "select body from item where body = @Body or @Body = ''", [("Body", "Zürich 東京"), ("Unknown", 1)], row => Convert.ToHexString(row.Utf8(0)));
        var all = SqliteRows.Query(connection, "select body from item where body = @Body or @Body = ''", [("Body", "")], row => row.Utf8(0).Length);

        read.ShouldBe(["5AC3BC7269636820E69DB1E4BAAC"]);
        all.ShouldBe([14, 0]);
        SqliteStatement.Forget(connection.Handle);
    }

    private static void Run(SqliteConnection connection, string sql) => SqliteStatement.Of(connection, sql).Run();
}
