using System.Diagnostics;
using System.Globalization;
using BillApis.Metering;
using BillApis.Tests;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;

namespace BillApis.Benchmarks.Usage;

/// <summary>
/// Quantities of a month on PostgreSQL beside one query for each charge over the raw events, indexed by customer and time. The events come in through intake;
/// a table of their values alone is made for the baseline, which needs no JSON then. One customer of a thousand has a tenth of all events, or the share that the second argument says.
/// </summary>
internal static class ReadBench
{
    private const int Customers = 1_000;
    private const int Turns = 5;
    private static readonly Interval January = new(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 2, 1, 0, 0));

    private static readonly (Metric Metric, string Query)[] Metrics =
    [
        (New("calls", Aggregation.Count), "count(*)"), (New("tokens", Aggregation.Sum), "sum(value)"), (New("peak", Aggregation.Max), "max(value)"),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5_000_000;
        var share = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10;
        var database = await PostgresServer.NewDatabaseAsync();
        var provider = new ServiceCollection().AddBilling(builder => builder.UsePostgres(database)).BuildServiceProvider();
        var (billing, store) = (provider.GetRequiredService<Billing>(), provider.GetRequiredService<IUsageStore>());
        await billing.MigrateAsync();
        foreach (var (metric, _) in Metrics)
        {
            await billing.Metrics.CreateAsync(TenantId.Default, metric);
        }

        var customers = new List<CustomerId>();
        for (var i = 0; i < Customers; i++)
        {
            customers.Add((await billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Customer", ExternalId = $"{i}", Currency = Currency.Parse("USD") })).Id);
        }

        await LoadAsync(billing, count, share);
        await using var bare = await BareAsync(database);

        var one = Requests(customers.Take(1)).ToList();
        var all = Requests(customers).ToList();
        await CompareAsync($"period quantities of {Customers} subscriptions × {Metrics.Length} metrics over {count} events", store, bare, all, 1);
        await CompareAsync($"one customer with {share} % of {count} events, all metrics of the month", store, bare, one, 100);
        var paris = DateTimeZoneProviders.Tzdb["Europe/Paris"];
        var local = new Interval(paris.AtStartOfDay(new LocalDate(2026, 1, 1)).ToInstant(), paris.AtStartOfDay(new LocalDate(2026, 2, 1)).ToInstant());
        await CompareAsync("the same over a month of Paris", store, bare, [.. one.Select(request => request with { Period = local })], 100);
        return 0;
    }

    private static async Task CompareAsync(string name, IUsageStore store, NpgsqlConnection bare, IReadOnlyList<UsageRequest> requests, int repeats)
    {
        var (ratios, mine, theirs) = (new List<decimal>(), new List<decimal>(), new List<decimal>());
        for (var turn = -1; turn < Turns; turn++)
        {
            var clock = Stopwatch.GetTimestamp();
            IReadOnlyList<UsageReading> readings = [];
            for (var i = 0; i < repeats; i++)
            {
                readings = await store.ReadAsync(TenantId.Default, requests, CancellationToken.None);
            }

            var ours = Stopwatch.GetElapsedTime(clock).Ticks / (decimal)(TimeSpan.TicksPerMillisecond * repeats);
            clock = Stopwatch.GetTimestamp();
            var queried = new List<decimal>();
            foreach (var request in requests)
            {
                queried.Add(await QueryAsync(bare, request));
            }

            var baseline = Stopwatch.GetElapsedTime(clock).Ticks / (decimal)TimeSpan.TicksPerMillisecond;
            if (!readings.Select(reading => reading.Groups[0].Value).SequenceEqual(queried))
            {
                throw new InvalidOperationException("Both must answer the same.");
            }

            if (turn >= 0)
            {
                mine.Add(ours);
                theirs.Add(baseline);
                ratios.Add(baseline / ours);
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {Measured.Median(ratios):0} | {ratios.Min():0}–{ratios.Max():0} | {Measured.Median(mine):0.00} ms | {Measured.Median(theirs):0.0} ms |"));
    }

    private static async Task<decimal> QueryAsync(NpgsqlConnection bare, UsageRequest request)
    {
        var expression = Metrics.Single(item => item.Metric.Id == request.Metric.Id).Query;
        await using var command = new NpgsqlCommand($"select coalesce({expression}, 0)::numeric from bench_usage where customer_id = $1 and at >= $2 and at < $3", bare)
        {
            Parameters = { new() { Value = request.Customer.ToString() }, new() { Value = request.Period.Start.ToUnixTimeTicks() / 10 }, new() { Value = request.Period.End.ToUnixTimeTicks() / 10 } },
        };
        await command.PrepareAsync();
        return (decimal)(await command.ExecuteScalarAsync())!;
    }

    private static async Task LoadAsync(Billing billing, int count, int share)
    {
        var (random, clock) = (new Random(1), Stopwatch.GetTimestamp());
        var step = (January.Duration - Duration.FromHours(1)) / count;
        for (var sent = 0; sent < count;)
        {
            var batch = new List<UsageEvent>();
            for (; batch.Count < Limits.EventsPerBatch && sent < count; sent++)
            {
                batch.Add(new UsageEvent
                {
                    Id = $"{sent:d9}", Type = "e", Customer = $"{(random.Next(100) < share ? 0 : random.Next(1, Customers))}", Timestamp = January.Start + (step * sent),
                    Properties = UsageProperties.Of(("v", random.Next(1, 5_000) / 100m)),
                });
            }

            await billing.Usage.RecordAsync(TenantId.Default, batch);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} events in {Stopwatch.GetElapsedTime(clock).TotalSeconds:0} s"));
    }

    private static async Task<NpgsqlConnection> BareAsync(string database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { CommandTimeout = 600 }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            create table bench_usage as select customer_id, at, (properties::json ->> 'v')::numeric as value from billing_usage_by_time;
            create index on bench_usage (customer_id, at);
            """,
            connection);
        await command.ExecuteNonQueryAsync();
        await using var vacuum = new NpgsqlCommand("vacuum analyze", connection);
        await vacuum.ExecuteNonQueryAsync();
        return connection;
    }

    private static IEnumerable<UsageRequest> Requests(IEnumerable<CustomerId> customers) =>
        customers.SelectMany(customer => Metrics.Select(item => new UsageRequest(item.Metric, customer, January) { Subscription = EntityId.New<SubscriptionId>() }));

    private static Metric New(string code, Aggregation aggregation) => new() { Code = code, Name = code, EventType = "e", Aggregation = aggregation, Property = aggregation is Aggregation.Count ? null : "v" };
}
