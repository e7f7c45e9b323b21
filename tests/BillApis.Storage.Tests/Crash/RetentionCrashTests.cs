using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using BillApis.Metering;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests.Crash;

/// <summary>A process that archives is killed (kill -9) at any moment: each event is in the database or in one file that the database names, and counted once.</summary>
public abstract class RetentionCrashTests(string database) : WorkerTests(database)
{
    private const int Kills = 10;
    private const int Seed = 20261125;
    private readonly Random _random = new(Seed);

    [Fact]
    public async Task Every_event_is_in_the_database_or_in_one_file()
    {
        await IntakeWork.CreateAsync(Billing, IntakeWork.Calls);
        var (answered, archived, longest) = (new HashSet<long>(), 0, 400);
        for (var kill = 1; kill <= Kills || archived <= Kills; kill++)
        {
            var first = answered.Count == 0 ? 0 : answered.Max() + 1 - RetentionWork.BatchSize;
            using var worker = await StartAsync(nameof(RetentionWork), $"{first}|{Path.Combine(Folder.FullName, "archive")}");
            await worker.AnsweredAsync();
            await Task.Delay(_random.Next(longest), Stop);
            await worker.KillAsync();
            answered.UnionWith(worker.Said.SelectMany(line => Enumerable.Range(0, RetentionWork.BatchSize).Select(i => long.Parse(line.TrimEnd('.'), CultureInfo.InvariantCulture) + i)));
            archived = await IsWholeAsync(answered, $"kill {kill}, seed {Seed}");

            // A busy machine needs longer to come to its first file.
            longest = archived > 0 ? longest : 2 * longest;
            kill.ShouldBeLessThan(4 * Kills, "nothing was archived between the kills");
        }
    }

    private async Task<int> IsWholeAsync(HashSet<long> answered, string where)
    {
        var found = await FoundAsync();
        var parts = (await Billing.Retention.ListAsync(TenantId.Default, Stop)).ToDictionary(part => part.File);
        if (found.Exists(row => row.File is not null && !parts.ContainsKey(row.File)))
        {
            return await IsWholeAsync(answered, where);
        }

        var inFiles = found.Where(row => row.File is not null).SelectMany(row => Read(parts[row.File!])).ToList();
        List<long> all = [.. found.Where(row => row.Id is not null).Select(row => long.Parse(row.Id!, CultureInfo.InvariantCulture)), .. inFiles];
        all.ShouldBeUnique(where);
        answered.Except(all).ShouldBeEmpty(where);
        var counted = await IntakeWork.TotalAsync(Billing, "calls", RetentionWork.Year);

        // A server may still finish what a dead worker asked for: then all of it is looked at again.
        if (!found.ToHashSet().SetEquals(await FoundAsync()))
        {
            return await IsWholeAsync(answered, where);
        }

        counted.ShouldBe(all.Count, where);
        return inFiles.Count;
    }

    // One statement, which sees one state of both.
    private async Task<List<(string? Id, string? File)>> FoundAsync()
    {
        await using var connection = await Services.GetRequiredService<SqlDatabase>().OpenUsageAsync(null, Stop);
        return (await connection.QueryAsync<(string? Id, string? File)>($"select id, null from {EventRow.ByTime} union all select null, file from billing_usage_archive")).AsList();
    }

    private IEnumerable<long> Read(UsageArchivePart part)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder.FullName, "archive", part.File));
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

public sealed class SqliteRetentionCrashTests() : RetentionCrashTests(Node.Sqlite);

public sealed class PostgresRetentionCrashTests() : RetentionCrashTests(Node.Postgres);
