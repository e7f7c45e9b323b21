using BillApis.Sqlite;
using BillApis.Storage.Sql;
using Microsoft.Data.Sqlite;

namespace BillApis.Storage.Tests;

/// <summary>A statement over many rows says on SQLite, for one row after the other, what it says of all.</summary>
public sealed class SqliteOneRowTests
{
    private static readonly SqlRows Items = new("id text", "amount bigint", "label text");

    [Theory]
    [InlineData("insert into item (tenant_id, id, amount) select @Tenant, r.id, r.amount + 1 from {0} as r", "insert into item (tenant_id, id, amount) values (@Tenant, @r_id, @r_amount + 1)")]
    [InlineData("insert into item as t (id) select r.id\nfrom {0} as r\nwhere true\non conflict (id) do update set id = excluded.id", "insert into item as t (id) values (@r_id)\non conflict (id) do update set id = excluded.id")]
    [InlineData("update item set amount = item.amount + r.amount\nfrom {0} as r\nwhere item.id = r.id", "update item set amount = item.amount + @r_amount\nwhere item.id = @r_id")]
    [InlineData("update item set label = r.label from (select id as key, amount as expected, label from {0} as item) as r where item.id = r.key and item.amount = r.expected", "update item set label = @r_label where item.id = @r_id and item.amount = @r_amount")]
    public void What_is_plain_is_said_with_parameters_alone(string sql, string expected) =>
        SqliteOneRow.Of(Items, table => sql.Replace("{0}", table, StringComparison.Ordinal)).ShouldBe(expected);

    [Theory]
    [InlineData("insert into item (id) select r.id from {0} as r where not exists (select 1 from item as i where i.id = r.id)")]
    [InlineData("insert into item (id) select r.id from {0} as r cross join item as i")]
    [InlineData("select i.amount from {0} as r cross join item as i where i.id = r.id")]
    public void Anything_else_keeps_its_table(string sql) =>
        SqliteOneRow.Of(Items, table => sql.Replace("{0}", table, StringComparison.Ordinal)).ShouldBe(sql.Replace("{0}", "(select @r_id as id, @r_amount as amount, @r_label as label)", StringComparison.Ordinal));

    [Fact]
    public void Rows_are_added_moved_and_left_alone_one_by_one()
    {
        using var connection = new SqliteConnection("Data Source=one-row;Mode=Memory");
        connection.Open();
        SqliteStatement.Of(connection, "create table item (tenant_id text not null, id text primary key, amount bigint check (amount < 100), label text)").Run();

        var rows = new SqlRows("id text", "amount bigint", "label text");
        rows.Add("a", 1, "it's \"é\"");
        rows.Add("b", 2, (string?)null);
        rows.Add("a", 3, "again");
        Write(rows, table => $"insert into item (tenant_id, id, amount, label) select @Tenant, r.id, r.amount, r.label from {table} as r where true on conflict do nothing").ShouldBe([true, true, false]);
        All().ShouldBe(["a 1 it's \"é\"", "b 2 -"]);

        var moved = new SqlRows("id text", "amount bigint");
        moved.Add("b", 40);
        moved.Add("c", 1);
        moved.Add("b", 40);
        Write(moved, table => $"update item set amount = item.amount + r.amount from {table} as r where item.tenant_id = @Tenant and item.id = r.id").ShouldBe([true, false, true]);
        Should.Throw<SqliteException>(() => Write(moved, table => $"update item set amount = item.amount + r.amount from {table} as r where item.id = r.id"));
        All().ShouldBe(["a 1 it's \"é\"", "b 82 -"]);
        SqliteStatement.Forget(connection.Handle);

        bool[] Write(SqlRows written, Func<string, string> sql) => SqliteRows.Write(connection, TenantId.Default, written, sql, TestContext.Current.CancellationToken);

        List<string> All() => SqliteRows.Read(connection, TenantId.Default, One(), table => $"select i.id, i.amount, coalesce(i.label, '-') from {table} as r cross join item as i where i.tenant_id = @Tenant order by i.id", row => $"{row.Text(0)} {row.Number(1)} {row.Text(2)}", TestContext.Current.CancellationToken);
    }

    private static SqlRows One()
    {
        var one = new SqlRows("n bigint");
        one.Add(1);
        return one;
    }
}
