using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using BillApis.Metering;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using BillApis.Tests;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests.Crash;

/// <summary>A process that archives is killed (kill -9) at any moment: each event is in the database or in one file that the database names, and counted once.</summary>
public sealed class RetentionCrashTests : IDisposable
{
    private const int Kills = 10;
    private const int Seed = 20261125;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("billapis-retention-");
    private readonly Random _random = new(Seed);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task Every_event_is_in_the_database_or_in_one_file(string database)
    {
        var connection = database is Node.Sqlite ? $"Data Source={Path.Combine(_folder.FullName, "billing.db")}" : await PostgresServer.NewDatabaseAsync();
        await using var node = Node.Open(database, connection);
        var billing = node.GetRequiredService<Billing>();
        await billing.MigrateAsync(Stop);
        await billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Count }, Stop);
        for (var i = 0; i < IntakeWork.Customers; i++)
        {
            await billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Customer", ExternalId = $"customer-{i}", Currency = Currency.Parse("USD") }, Stop);
        }

        var (answered, archived, longest) = (new HashSet<long>(), 0, 400);
        for (var kill = 1; kill <= Kills || archived <= Kills; kill++)
        {
            var first = answered.Count == 0 ? 0 : answered.Max() + 1 - RetentionWork.BatchSize;
            using var worker = await WorkerProcess.StartAsync(nameof(RetentionWork), database, connection, $"{first}|{Path.Combine(_folder.FullName, "archive")}");
            await worker.AnsweredAsync();
            await Task.Delay(_random.Next(longest), Stop);
            await worker.KillAsync();
            answered.UnionWith(worker.Said.SelectMany(line => Enumerable.Range(0, RetentionWork.BatchSize).Select(i => long.Parse(line.TrimEnd('.'), CultureInfo.InvariantCulture) + i)));
            archived = await IsWholeAsync(node, answered, $"kill {kill}, seed {Seed}");

            // A busy machine needs longer to come to its first file.
            longest = archived > 0 ? longest : 2 * longest;
            kill.ShouldBeLessThan(4 * Kills, "nothing was archived between the kills");
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<int> IsWholeAsync(ServiceProvider node, HashSet<long> answered, string where)
    {
        var found = await FoundAsync(node);
        var parts = (await node.GetRequiredService<Billing>().Retention.ListAsync(TenantId.Default, Stop)).ToDictionary(part => part.File);
        if (found.Exists(row => row.File is not null && !parts.ContainsKey(row.File)))
        {
            return await IsWholeAsync(node, answered, where);
        }

        var inFiles = found.Where(row => row.File is not null).SelectMany(row => Read(parts[row.File!])).ToList();
        List<long> all = [.. found.Where(row => row.Id is not null).Select(row => long.Parse(row.Id!, CultureInfo.InvariantCulture)), .. inFiles];
        all.ShouldBeUnique(where);
        answered.Except(all).ShouldBeEmpty(where);
        var counted = 0m;
        for (var customer = 0; customer < IntakeWork.Customers; customer++)
        {
            counted += (await node.GetRequiredService<Billing>().Usage.SummaryAsync(TenantId.Default, new UsageSummaryQuery { Customer = $"customer-{customer}", Metric = "calls", Period = RetentionWork.Year }, Stop)).Sum(row => row.Value);
        }

        // A server may still finish what a dead worker asked for: then all of it is looked at again.
        if (!found.ToHashSet().SetEquals(await FoundAsync(node)))
        {
            return await IsWholeAsync(node, answered, where);
        }

        counted.ShouldBe(all.Count, where);
        return inFiles.Count;
    }

    // One statement, which sees one state of both.
    private static async Task<List<(string? Id, string? File)>> FoundAsync(ServiceProvider node)
    {
        await using var connection = await node.GetRequiredService<SqlDatabase>().OpenUsageAsync(null, Stop);
        return (await connection.QueryAsync<(string? Id, string? File)>($"select id, null from {EventRow.ByTime} union all select null, file from billing_usage_archive")).AsList();
    }

    private IEnumerable<long> Read(UsageArchivePart part)
    {
        var bytes = File.ReadAllBytes(Path.Combine(_folder.FullName, "archive", part.File));
        (bytes.LongLength, Convert.ToHexStringLower(SHA256.HashData(bytes))).ShouldBe((part.Bytes, part.Sha256));
        using var reader = new StreamReader(new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress));
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe((int)part.Events);
        foreach (var line in lines)
        {
            using var json = JsonDocument.Parse(line);
            var number = json.RootElement.GetProperty("properties").GetProperty("n").GetInt64();
            var sent = RetentionWork.Event(number);
            (json.RootElement.GetProperty("id").GetString(), json.RootElement.GetProperty("customer_id").GetString(), json.RootElement.GetProperty("timestamp").GetString())
                .ShouldBe((sent.Id, sent.Customer, NodaTime.Text.InstantPattern.ExtendedIso.Format(sent.Timestamp!.Value)));
            yield return number;
        }
    }
}
