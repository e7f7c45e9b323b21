using System.Data.Common;
using BillApis.Conformance;
using BillApis.Metering;
using BillApis.Storage.Sql;
using BillApis.Workers;
using Dapper;
using Microsoft.Data.Sqlite;
using NodaTime;
using Npgsql;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Usage in a transaction of the application's own.</summary>
public abstract class UsageTransactionTests(StoreFixture fixture)
{
    private static readonly Interval Day = new(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 1, 2, 0, 0));
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly string _orders = $"orders_{Guid.CreateVersion7():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Usage Usage => fixture.Get<Billing>().Usage;

    [Fact]
    public async Task What_was_done_and_its_usage_are_committed_together_or_not_at_all()
    {
        await SetUpAsync();
        await using var connection = await OpenAsync();
        await using (var kept = await connection.BeginTransactionAsync(Token))
        {
            await OrderAsync(kept, "1");
            (await Usage.RecordAsync(_tenant, Event("1"), kept, Token)).Accepted.ShouldBe(1);
            (await Usage.RecordAsync(_tenant, [Event("1"), Event("2")], kept, Token)).ShouldSatisfyAllConditions(it => it.Accepted.ShouldBe(1), it => it.Duplicates.ShouldBe(1));
            await kept.CommitAsync(Token);
        }

        await using (var undone = await connection.BeginTransactionAsync(Token))
        {
            await OrderAsync(undone, "3");
            (await Usage.RecordAsync(_tenant, [Event("2"), Event("3")], undone, Token)).ShouldSatisfyAllConditions(it => it.Accepted.ShouldBe(1), it => it.Duplicates.ShouldBe(1));
            await undone.RollbackAsync(Token);
        }

        (await connection.QueryAsync<string>($"select id from {_orders}")).ShouldBe(["1"]);
        (await CountAsync()).ShouldBe(2);

        // What was undone is forgotten, and what was committed is known: here and on another node.
        var again = await fixture.GetFromAnotherNode<Billing>().Usage.RecordAsync(_tenant, [Event("1"), Event("3")], Token);
        (again.Accepted, again.Duplicates).ShouldBe((1, 1));
        again = await Usage.RecordAsync(_tenant, [Event("2"), Event("3"), Event("4")], Token);
        (again.Accepted, again.Duplicates).ShouldBe((1, 2));
        (await CountAsync()).ShouldBe(4);
    }

    [Fact]
    public async Task What_an_application_that_never_reads_adds_does_not_pile_up()
    {
        await SetUpAsync();
        await using var connection = await OpenAsync();
        for (var i = 0; i < 130; i++)
        {
            await using var transaction = await connection.BeginTransactionAsync(Token);
            await Usage.RecordAsync(_tenant, Event($"piled-{i}"), transaction, Token);
            await transaction.CommitAsync(Token);
        }

        (await WaitingAsync()).ShouldBe(130);
        await fixture.Get<BillingWorker>().RunOnceAsync(Token);
        (await WaitingAsync()).ShouldBe(0);
        (await CountAsync()).ShouldBe(130);

        await using (var few = await connection.BeginTransactionAsync(Token))
        {
            await Usage.RecordAsync(_tenant, Event("few"), few, Token);
            await few.CommitAsync(Token);
        }

        await fixture.Get<BillingWorker>().RunOnceAsync(Token);
        (await WaitingAsync()).ShouldBe(1, "a few wait for more, or for who reads");
        (await CountAsync()).ShouldBe(131);

        Task<long> WaitingAsync() => connection.ExecuteScalarAsync<long>("select count(*) from billing_usage_delta where tenant_id = @Tenant", new { Tenant = _tenant.ToString() });
    }

    [Fact]
    public async Task Others_who_use_the_same_keys_wait_for_what_becomes_of_them()
    {
        await SetUpAsync();
        for (var round = 0; round < 6; round++)
        {
            await using var connection = await OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync(Token);
            UsageEvent[] events = [Event($"{round}a"), Event($"{round}b")];
            (await Usage.RecordAsync(_tenant, events, transaction, Token)).Accepted.ShouldBe(2);
            var other = Task.Run(() => fixture.GetFromAnotherNode<Billing>().Usage.RecordAsync(_tenant, events, Token), Token);
            other.IsCompleted.ShouldBeFalse();
            await (round % 2 == 0 ? transaction.CommitAsync(Token) : transaction.RollbackAsync(Token));
            (await other).Accepted.ShouldBe(round % 2 == 0 ? 0 : 2);
        }

        (await CountAsync()).ShouldBe(12);
    }

    [Fact]
    public async Task A_transaction_of_another_database_is_refused()
    {
        await SetUpAsync();
        foreach (var foreign in await ForeignAsync())
        {
            await using var connection = foreign;
            await using var transaction = await connection.BeginTransactionAsync(Token);
            (await Should.ThrowAsync<ArgumentException>(Usage.RecordAsync(_tenant, Event("1"), transaction, Token))).Message.ShouldContain("transaction");
        }

        (await CountAsync()).ShouldBe(0);
    }

    /// <summary>A connection that an application opens by itself to the database that billing is in.</summary>
    protected abstract Task<DbConnection> OpenAsync();

    protected abstract Task<IReadOnlyList<DbConnection>> ForeignAsync();

    protected static async Task<DbConnection> OtherSqliteAsync()
    {
        var other = new SqliteConnection("Data Source=:memory:");
        await other.OpenAsync(Token);
        return other;
    }

    protected static async Task<DbConnection> OtherPostgresAsync()
    {
        var other = new NpgsqlConnection(await PostgresServer.NewDatabaseAsync());
        await other.OpenAsync(Token);
        return other;
    }

    private static UsageEvent Event(string id) => new() { Id = id, Type = "order", Customer = "acme", Timestamp = Day.Start + Duration.FromHours(1) };

    private async Task SetUpAsync()
    {
        await fixture.Get<Billing>().Metrics.CreateAsync(_tenant, new Metric { Code = "orders", Name = "Orders", EventType = "order", Aggregation = Aggregation.Count }, Token);
        await fixture.Get<Billing>().Customers.CreateAsync(_tenant, new Customer { Name = "Acme", Currency = Currency.Parse("USD"), ExternalId = "acme" }, Token);
        await using var connection = await OpenAsync();
        await connection.ExecuteAsync($"create table {_orders} (id text primary key)");
    }

    private Task<int> OrderAsync(DbTransaction transaction, string id) => transaction.Connection!.ExecuteAsync($"insert into {_orders} (id) values (@id)", new { id }, transaction);

    private async Task<decimal> CountAsync() =>
        (await Usage.SummaryAsync(_tenant, new UsageSummaryQuery { Customer = "acme", Metric = "orders", Period = Day }, Token)).ShouldHaveSingleItem().Value;
}

public sealed class SqliteUsageTransactionTests(SqliteFixture fixture) : UsageTransactionTests(fixture), IClassFixture<SqliteFixture>
{
    private readonly SqliteFixture _fixture = fixture;

    protected override async Task<DbConnection> OpenAsync()
    {
        await using var ours = await _fixture.Get<SqlDatabase>().OpenAsync(null, TestContext.Current.CancellationToken);
        var connection = new SqliteConnection($"Data Source={ours.DataSource};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    protected override async Task<IReadOnlyList<DbConnection>> ForeignAsync() => [await OtherSqliteAsync(), await OtherPostgresAsync()];
}

public sealed class PostgresUsageTransactionTests(PostgresFixture fixture) : UsageTransactionTests(fixture), IClassFixture<PostgresFixture>
{
    private readonly PostgresFixture _fixture = fixture;

    protected override async Task<DbConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(_fixture.Connection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    protected override async Task<IReadOnlyList<DbConnection>> ForeignAsync() => [await OtherPostgresAsync(), await OtherSqliteAsync()];
}
