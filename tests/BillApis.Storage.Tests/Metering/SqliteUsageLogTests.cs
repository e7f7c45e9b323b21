using BillApis.Metering;
using BillApis.Storage.Sql;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>What trails the events in SQLite catches up, whoever appended and whoever reads.</summary>
public sealed class SqliteUsageLogTests(SqliteFixture fixture) : IClassFixture<SqliteFixture>
{
    private const int Trail = 65_536;
    private static readonly Interval Year = new(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2027, 1, 1, 0, 0));
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_are_known_in_the_tail_and_in_the_index_on_every_node()
    {
        var (here, there) = (fixture.Get<Billing>(), fixture.GetFromAnotherNode<Billing>());
        await here.Metrics.CreateAsync(_tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Count }, Token);
        await here.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", Currency = Currency.Parse("USD"), ExternalId = "acme" }, Token);
        const int count = Trail + 15_000;
        for (var sent = 0; sent < count; sent += 10_000)
        {
            (await here.Usage.RecordAsync(_tenant, Events(sent, Math.Min(10_000, count - sent)), Token)).Rejected.ShouldBeEmpty();
        }

        await using (var connection = await fixture.Get<SqlDatabase>().OpenAsync(null, Token))
        {
            var (indexed, last) = await connection.QuerySingleAsync<(long, long)>("select indexed, (select max(no) from billing_usage_block) from billing_usage_progress");
            indexed.ShouldBeInRange(1, last - 1);
            (await connection.ExecuteScalarAsync<long>("select sum(keys) from billing_usage_key_run")).ShouldBeInRange(Trail, count - 1);
        }

        foreach (var node in (Billing[])[here, there, here])
        {
            // Some of the index, some across its end, some of the tail, and one that is new.
            UsageEvent[] delivery = [.. Events(0, 100), .. Events(Trail - 10_000, 9_000), .. Events(count - 100, 100), .. Events(5, 1).Select(item => item with { Type = "other" })];
            var receipt = await node.Usage.RecordAsync(_tenant, delivery, Token);
            (receipt.Accepted, receipt.Duplicates, receipt.Rejected.Length).ShouldBe((0, 9_200, 1));
        }

        var total = await there.Usage.SummaryAsync(_tenant, new UsageSummaryQuery { Customer = "acme", Metric = "calls", Period = Year }, Token);
        total.ShouldHaveSingleItem().Value.ShouldBe(count);
        (await there.Usage.EventsAsync(_tenant, new UsageQuery { Limit = 1 }, Token)).Items.ShouldHaveSingleItem().Event.Id.ShouldBe(Id(count - 1));
    }

    [Fact]
    public async Task One_id_of_two_sources_is_two_events_in_the_tail_and_in_the_index()
    {
        var billing = fixture.Get<Billing>();
        UsageEvent[] sent = [.. ((string[])["one", "two", "three"]).SelectMany(source => Events(0, 50).Select(item => item with { Source = source }))];
        (await billing.Usage.RecordAsync(_tenant, sent, Token)).Accepted.ShouldBe(150);
        for (var look = 0; look < 2; look++)
        {
            var receipt = await billing.Usage.RecordAsync(_tenant, [.. sent, .. sent.Take(75).Select(item => item with { Type = "other" }), sent[0] with { Source = "four" }], Token);
            (receipt.Accepted, receipt.Duplicates, receipt.Rejected.Length).ShouldBe((1 - look, 150 + look, 75));

            // Whoever lists events lets the index catch up.
            (await billing.Usage.EventsAsync(_tenant, new UsageQuery { Limit = 200 }, Token)).Items.Count.ShouldBe(151);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(129)]
    [InlineData(1_000)]
    public async Task Each_index_has_every_event_once(int count)
    {
        var (billing, random) = (fixture.Get<Billing>(), new Random(count));
        var customers = new List<(string Name, string Id)>();
        for (var i = 0; i < 3; i++)
        {
            var customer = await billing.Customers.CreateAsync(_tenant, new Customer { Name = "Customer", Currency = Currency.Parse("USD"), ExternalId = $"customer-{i}" }, Token);
            customers.Add((customer.ExternalId!, customer.Id.ToString()));
        }

        // Some are of nobody, and some of one instant.
        UsageEvent[] sent = [.. Events(0, count).Select(item => item with
        {
            Source = $"source-{random.Next(3)}", Customer = random.Next(4) is < 3 and var customer ? customers[customer].Name : "nobody", Timestamp = Year.Start + Duration.FromSeconds(random.Next(count)),
        })];
        (await billing.Usage.RecordAsync(_tenant, sent, Token)).Accepted.ShouldBe(count);
        await billing.Usage.EventsAsync(_tenant, new UsageQuery { Limit = 1 }, Token);
        var expected = sent.Select(item => (customers.Find(customer => customer.Name == item.Customer).Id, item.Timestamp!.Value.ToMicroseconds(), item.Source, item.Id)).Order().ToList();
        await using var connection = await fixture.Get<SqlDatabase>().OpenAsync(null, Token);
        foreach (var view in new[] { "number", "time", "customer" })
        {
            var found = await connection.QueryAsync<(string, long, string, string)>($"select customer_id, at, source, id from billing_usage_by_{view} where tenant_id = @Tenant", new { Tenant = _tenant.ToString() });
            found.Order().ShouldBe(view == "customer" ? expected.Where(item => item.Item1 is not null) : expected);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_event_that_the_log_has_twice_undoes_all_that_would_be_entered(bool indexed)
    {
        var billing = fixture.Get<Billing>();
        async Task<long> ChangeAsync(string sql) => await fixture.Get<SqlDatabase>().WriteAsync(
            null,
            transaction => transaction.Connection!.ExecuteScalarAsync<long>(sql, new { Tenant = _tenant.ToString() }, transaction), Token);
        Task<long> CountAsync() => ChangeAsync("select (select sum(keys) from billing_usage_key_run) + (select count(*) from billing_usage_by_time where tenant_id = @Tenant)");
        (await billing.Usage.RecordAsync(_tenant, Events(0, 200), Token)).Accepted.ShouldBe(200);
        if (indexed)
        {
            await billing.Usage.EventsAsync(_tenant, new UsageQuery { Limit = 1 }, Token);
        }

        var before = await CountAsync();
        await ChangeAsync("insert into billing_usage_block (no, events) select no + 1, events from billing_usage_block where no = (select max(no) from billing_usage_block)");
        await Should.ThrowAsync<InvalidOperationException>(() => billing.Usage.EventsAsync(_tenant, new UsageQuery(), Token));
        (await CountAsync()).ShouldBe(before);

        await ChangeAsync("delete from billing_usage_block where no = (select max(no) from billing_usage_block)");
        (await billing.Usage.EventsAsync(_tenant, new UsageQuery { Limit = 200 }, Token)).Items.Select(item => item.Event.Id).ShouldBe(Enumerable.Range(0, 200).Reverse().Select(Id));
        (await CountAsync()).ShouldBe(indexed ? before : before + 400);
    }

    // Ids in no order at all, each from its number.
    private static string Id(int number) => $"{unchecked((uint)number * 2_654_435_761):x8}-{number}";

    private static UsageEvent[] Events(int first, int count) => [.. Enumerable.Range(first, count).Select(number => new UsageEvent
    {
        Id = Id(number), Type = "call", Customer = "acme", Timestamp = Year.Start + Duration.FromSeconds(number),
    })];
}
