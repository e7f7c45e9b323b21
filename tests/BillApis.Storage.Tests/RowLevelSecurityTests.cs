using BillApis.Conformance;
using BillApis.Storage;
using BillApis.Storage.Sql;
using BillApis.Tests;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BillApis.Storage.Tests;

public sealed class GuardedStoreTests(GuardedPostgresFixture fixture) : StoreConformance(fixture), IClassFixture<GuardedPostgresFixture>;

public sealed class GuardedInvoiceStoreTests(GuardedPostgresFixture fixture) : InvoiceStoreConformance(fixture), IClassFixture<GuardedPostgresFixture>;

public sealed class GuardedSubscriptionStoreTests(GuardedPostgresFixture fixture) : SubscriptionStoreConformance(fixture), IClassFixture<GuardedPostgresFixture>;

public sealed class GuardedOutboxStoreTests(GuardedPostgresFixture fixture) : OutboxStoreConformance(fixture), IClassFixture<GuardedPostgresFixture>;

public sealed class GuardedUsageStoreTests(GuardedPostgresFixture fixture) : UsageStoreConformance(fixture), IClassFixture<GuardedPostgresFixture>;

public sealed class GuardedUsageOrphanTests(GuardedPostgresFixture fixture) : UsageOrphanConformance(fixture), IClassFixture<GuardedPostgresFixture>;

public sealed class GuardedUsageArchiveTests(GuardedPostgresFixture fixture) : UsageArchiveConformance(fixture), IClassFixture<GuardedPostgresFixture>;

public sealed class GuardedLedgerTests(GuardedPostgresFixture fixture) : LedgerConformance(fixture), IClassFixture<GuardedPostgresFixture>;

public sealed class GuardedAnsweredWorkTests(GuardedPostgresFixture fixture) : AnsweredWorkSuite(fixture), IClassFixture<GuardedPostgresFixture>;

/// <summary>Row-level security as a second net below the statements, which all name their tenant anyway.</summary>
public sealed class RowLevelSecurityTests(GuardedPostgresFixture fixture) : IClassFixture<GuardedPostgresFixture>
{
    private const string Mine = "ten_mine";
    private const string Theirs = "ten_theirs";

    // A month, so that a row has a part to stand in: what is numbered in rows of the usage log begins with it.
    private const long Month = 672;
    private const long Number = (Month << 40) + 1;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_of_another_tenant_is_neither_read_nor_written_by_any_statement_in_any_table()
    {
        await using var owner = await OpenAsync(fixture.Connection);
        await owner.ExecuteAsync($"select billing_usage_open_month({Month})");
        await using var superuser = await OpenAsync(fixture.Superuser);
        var tables = (await superuser.QueryAsync<(string Name, string Kind, bool IsPart)>(
            "select c.relname, cast(c.relkind as text), c.relispartition from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped where c.relkind not in ('i', 'I', 'c') and c.relnamespace = 'public'::regnamespace order by 1")).AsList();
        tables.Count(table => table.Kind is "r" or "p").ShouldBeGreaterThan(50);
        tables.ShouldContain(table => table.IsPart);

        // Rows of no sense will do: what keeps those out is taken away, on this connection or in this database.
        await superuser.ExecuteAsync("set session_replication_role = replica");
        foreach (var (table, check) in await superuser.QueryAsync<(string Table, string Check)>("select cast(conrelid::regclass as text), conname from pg_constraint where contype = 'c' and conrelid <> 0 and connamespace = 'public'::regnamespace and coninhcount = 0"))
        {
            await superuser.ExecuteAsync($"alter table {table} drop constraint {check}");
        }

        foreach (var (name, _, _) in tables.Where(table => table is { IsPart: false, Kind: "r" or "p" }))
        {
            (await superuser.ExecuteAsync(await InsertAsync(superuser, name, Theirs))).ShouldBe(1, name);
        }

        foreach (var (name, kind, _) in tables)
        {
            await GuardedAsync(owner, name, isView: kind == "v");
        }

        // The bypass of what works over all tenants, and the right tenant, see them.
        foreach (var (name, _, _) in tables.Where(table => table.Kind is "r" or "p"))
        {
            (await CountAsync(owner, name, "*")).ShouldBe(1, name);
            (await CountAsync(owner, name, Theirs)).ShouldBe(1, name);
        }
    }

    [Fact]
    public async Task What_a_connection_was_told_ends_with_its_transaction_so_that_a_pooler_may_lend_the_session_to_others()
    {
        var pooled = new NpgsqlConnectionStringBuilder(fixture.Connection) { MaxPoolSize = 1, NoResetOnClose = true, ApplicationName = "pooled" }.ConnectionString;
        await using var node = new ServiceCollection().AddBilling(billing => billing.UsePostgres(pooled)).BuildServiceProvider();
        var database = node.GetRequiredService<SqlDatabase>();
        const string told = "select current_setting('billapis.tenant', true)";
        foreach (var tenant in new[] { EntityId.New<TenantId>(), EntityId.New<TenantId>() })
        {
            await using (var connection = await database.OpenAsync(tenant, Token))
            {
                (await connection.QuerySingleAsync<string>(told)).ShouldBe(tenant.ToString());
            }

            await using (var writer = await database.Dialect.OpenWriterAsync(Token))
            {
                (await writer.Connection.QuerySingleAsync<string?>(told) ?? "").ShouldBe("");
            }

            (await database.WriteAsync(tenant, transaction => transaction.Connection!.QuerySingleAsync<string>(told), Token)).ShouldBe(tenant.ToString());
            (await database.WriteAsync(null, transaction => transaction.Connection!.QuerySingleAsync<string>(told), Token)).ShouldBe("*");
        }
    }

    [Fact]
    public async Task A_user_who_is_held_to_no_policy_is_refused()
    {
        await using var node = new ServiceCollection().AddBilling(billing => billing.UsePostgres(fixture.Superuser, rowLevelSecurity: true)).BuildServiceProvider();
        (await Should.ThrowAsync<BillingException>(() => node.GetRequiredService<IMigrator>().MigrateAsync(Token))).Message.ShouldContain("is a superuser or has BYPASSRLS");
    }

    [Fact]
    public async Task It_is_turned_on_over_what_is_there_and_off_again()
    {
        var own = new GuardedPostgresFixture();
        await using (own)
        {
            await own.InitializeAsync();
            var (tenant, customer) = (EntityId.New<TenantId>(), new Customer { Name = "Acme", Currency = Currency.Parse("USD") });
            customer = customer with { Tenant = tenant };
            (await own.Get<IStore<Customer>>().SaveAsync(tenant, [customer], [], Token)).ShouldBe(SaveResult.Saved);
            await using var connection = await OpenAsync(own.Connection);
            (await connection.QuerySingleAsync<int>("select count(*) from billing_customer")).ShouldBe(0);
            await connection.ExecuteAsync("select billing_row_level_security(false)");
            (await connection.QuerySingleAsync<int>("select count(*) from billing_customer")).ShouldBe(1);
            await own.Get<IMigrator>().MigrateAsync(Token);
            (await connection.QuerySingleAsync<int>("select count(*) from billing_customer")).ShouldBe(0);
            (await own.GetFromAnotherNode<IStore<Customer>>().FindAsync(tenant, customer.Id.ToString(), Token)).ShouldNotBeNull();
        }
    }

    private static async Task GuardedAsync(NpgsqlConnection owner, string name, bool isView)
    {
        (await CountAsync(owner, name, null)).ShouldBe(0, name);
        (await CountAsync(owner, name, Mine)).ShouldBe(0, name);
        if (isView)
        {
            return;
        }

        foreach (var change in new[] { $"delete from {name} where tenant_id = '{Theirs}'", $"update {name} set tenant_id = '{Mine}' where tenant_id = '{Theirs}'", $"delete from {name}" })
        {
            (await AsAsync(owner, Mine, () => owner.ExecuteAsync(change))).ShouldBe(0, change);
        }

        var insert = await InsertAsync(owner, name, Theirs);
        (await Should.ThrowAsync<PostgresException>(() => AsAsync(owner, Mine, () => owner.ExecuteAsync(insert)))).MessageText.ShouldContain("row-level security policy", Case.Sensitive, name);
    }

    private static Task<long> CountAsync(NpgsqlConnection connection, string table, string? tenant) =>
        AsAsync(connection, tenant, () => connection.QuerySingleAsync<long>($"select count(*) from {table} where tenant_id = '{Theirs}'"));

    private static async Task<T> AsAsync<T>(NpgsqlConnection connection, string? tenant, Func<Task<T>> work)
    {
        await using var transaction = await connection.BeginTransactionAsync(Token);
        if (tenant is not null)
        {
            await connection.ExecuteAsync("select set_config('billapis.tenant', @tenant, true)", new { tenant });
        }

        return await work();
    }

    // A row of the tenant, with something of its type in every column that needs something.
    private static async Task<string> InsertAsync(NpgsqlConnection connection, string table, string tenant)
    {
        var columns = (await connection.QueryAsync<(string Name, string Type)>(
            "select column_name, data_type from information_schema.columns where table_schema = 'public' and table_name = @table and is_nullable = 'NO' and column_default is null and is_identity = 'NO'", new { table })).AsList();
        var values = columns.Select((column, index) => column.Name == "tenant_id" ? $"'{tenant}'" : column.Type switch
        {
            "text" => $"'{index}'", "bigint" => $"{Number}", "integer" or "smallint" or "numeric" => "1", "bytea" => "'\\x31'", "boolean" => "true",
            _ => throw new InvalidOperationException($"{table}.{column.Name} is a {column.Type}."),
        });
        return $"insert into {table} ({string.Join(", ", columns.Select(column => column.Name))}) values ({string.Join(", ", values)})";
    }

    private static async Task<NpgsqlConnection> OpenAsync(string settings)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(settings) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Token);
        return connection;
    }
}
