using System.Diagnostics;
using System.Globalization;
using BillApis.Metering;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Benchmarks.Http;

/// <summary>Imports a generated file of many rows into SQLite and tells the rate, and the most memory that the process held.</summary>
internal static class ImportBench
{
    public static async Task<int> RunAsync(string[] args)
    {
        var rows = args is [var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 5_000_000;
        var folder = Directory.CreateTempSubdirectory("billapis-bench-");
        var path = Path.Combine(folder.FullName, "events.csv");
        await WriteAsync(path, rows);
        await using var services = new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={Path.Combine(folder.FullName, "billing.db")}")).BuildServiceProvider();
        var billing = services.GetRequiredService<Billing>();
        await billing.MigrateAsync();
        for (var i = 0; i < 100; i++)
        {
            await billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Acme", ExternalId = $"customer-{i}", Currency = Currency.Parse("USD") });
        }

        await billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "tokens", Name = "Tokens", EventType = "llm.call", Aggregation = Aggregation.Sum, Property = "tokens" });
        var start = Stopwatch.GetTimestamp();
        await using var file = File.OpenRead(path);
        var import = await billing.Imports.UploadAsync(TenantId.Default, file, new UsageFile { Format = UsageFormat.Csv });
        var kept = Stopwatch.GetElapsedTime(start);
        import = await billing.Imports.ExecuteAsync(import);
        var read = Stopwatch.GetElapsedTime(start) - kept;
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{import.Status}: {import.Counts.Accepted} of {import.Counts.Rows} rows, {import.Bytes / 1_000_000} MB; kept in {kept.Ticks / TimeSpan.TicksPerSecond} s, read in {read.Ticks / TimeSpan.TicksPerSecond} s; most resident memory {process.PeakWorkingSet64 / 1_000_000} MB"));
        folder.Delete(recursive: true);
        return import.Counts.Accepted == rows ? 0 : 1;
    }

    private static async Task WriteAsync(string path, int rows)
    {
        await using var writer = new StreamWriter(path);
        await writer.WriteLineAsync("id,type,customer_id,timestamp,model,tokens");
        for (var i = 0; i < rows; i++)
        {
            await writer.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"event-{i:D9},llm.call,customer-{i % 100},2026-01-{1 + i / (rows / 28 + 1):D2}T{i / 60 % 24:D2}:{i % 60:D2}:00Z,model-{i % 7},{i % 5_000}"));
        }
    }
}
