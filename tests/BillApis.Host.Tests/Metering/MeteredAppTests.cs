using System.Diagnostics;
using System.Globalization;
using System.Net;
using BillApis.Host.Tests.Quickstart;
using BillApis.Metering;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Host.Tests.Metering;

/// <summary>The sample that two lines meter, as a process of its own.</summary>
public sealed class MeteredAppTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Two_lines_meter_it_and_a_stop_stores_everything_that_was_answered()
    {
        var folder = Directory.CreateTempSubdirectory("billapis-metered-");
        using var app = Process.Start(new ProcessStartInfo(QuickstartRun.ProgramOf("BillApis.MeteredApp"), ["--urls", "http://127.0.0.1:0"]) { RedirectStandardOutput = true, WorkingDirectory = folder.FullName })!;
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri(await WalkThroughTests.AddressAsync(app).WaitAsync(Patience, TestContext.Current.CancellationToken)) };
            await CallAsync(client, "key-of-acme", 3);
            await Eventually.TrueAsync(async () => await client.GetStringAsync(new Uri("/usage/acme", UriKind.Relative), TestContext.Current.CancellationToken) is "3");
            await CallAsync(client, "key-of-acme", 200);
            await CallAsync(client, "key-of-globex", 5);
            await CallAsync(client, "key-of-nobody", 2);

            // What was answered a moment ago is stored before the process ends.
            using var stop = Process.Start("kill", ["-TERM", app.Id.ToString(CultureInfo.InvariantCulture)]);
            await app.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            app.ExitCode.ShouldBe(0);

            await using var services = new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={Path.Combine(folder.FullName, "metered.db")}")).BuildServiceProvider();
            var usage = services.GetRequiredService<Billing>().Usage;
            (await CallsAsync(usage, "acme")).ShouldBe(203);
            (await CallsAsync(usage, "globex")).ShouldBe(5);
            (await usage.OrphansAsync(TenantId.Default, new OrphanQuery(), TestContext.Current.CancellationToken)).Items.Select(orphan => orphan.Reason).ShouldBe([OrphanReason.UnknownCustomer, OrphanReason.UnknownCustomer]);
        }
        finally
        {
            app.Kill();
            await app.WaitForExitAsync(CancellationToken.None);
            SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_readme_shows_the_lines_that_the_sample_runs()
    {
        var sample = await File.ReadAllTextAsync(Repository.PathOf("samples", "BillApis.MeteredApp", "Program.cs"), TestContext.Current.CancellationToken);
        var readme = (await File.ReadAllTextAsync(Repository.PathOf("README.md"), TestContext.Current.CancellationToken)).Split('\n').Where(line => line.Contains("UseBillingMetering(", StringComparison.Ordinal) || line.Contains(".WithMeter(", StringComparison.Ordinal)).ToList();
        readme.Count.ShouldBe(2);
        readme.ShouldAllBe(line => sample.Contains(line.Trim(), StringComparison.Ordinal));
    }

    private static async Task CallAsync(HttpClient client, string key, int times)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, times), TestContext.Current.CancellationToken, async (i, token) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/hello/caller-{i}", UriKind.Relative)) { Headers = { { "X-API-Key", key } } };
            using var answer = await client.SendAsync(request, token);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await answer.Content.ReadAsStringAsync(token)).ShouldBe($"Hello, caller-{i}!");
        });
    }

    private static async Task<decimal> CallsAsync(Usage usage, string customer)
    {
        var always = new Interval(Instant.FromUtc(2000, 1, 1, 0, 0), Instant.FromUtc(2100, 1, 1, 0, 0));
        return (await usage.SummaryAsync(TenantId.Default, new UsageSummaryQuery { Customer = customer, Metric = "calls", Period = always }, TestContext.Current.CancellationToken)).Single().Value;
    }
}
