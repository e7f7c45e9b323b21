using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace BillApis.Benchmarks.Http;

/// <summary>Takes 1,000 events a request over loopback into a store that keeps nothing, beside an endpoint that only reads them into a source-generated type.</summary>
internal static class HttpBench
{
    private const int WarmUp = 15;
    private static int Events = 1_000;
    private const string Password = "a password for one run";

    public static async Task<int> RunAsync(string[] args)
    {
        Events = args is [_, var size] ? int.Parse(size, CultureInfo.InvariantCulture) : Events;
        var rounds = args is [var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 60;
        var folder = Directory.CreateTempSubdirectory("billapis-bench-");
        await using var app = await StartAsync(Path.Combine(folder.FullName, "billing.db"));
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await SignInAsync(client));
        var body = Body();
        var (bare, ours) = (new Side("/bare"), new Side("/api/v1/usage/events"));
        for (var round = -WarmUp; round < rounds; round++)
        {
            // By turns, so that both meet the same noise of the machine.
            await bare.RunAsync(client, body, isCounted: round >= 0);
            await ours.RunAsync(client, body, isCounted: round >= 0);
        }

        Console.WriteLine($"{Events} events, {body.Length} bytes a request, {rounds * Side.Requests} requests each, by turns");
        Report("bare minimal API, source-generated type", bare, bare);
        Report("POST /usage/events, null store", ours, bare);
        await app.StopAsync();
        folder.Delete(recursive: true);
        return 0;
    }

    private static async Task<WebApplication> StartAsync(string file)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, BareJson.Default));
        builder.Services.AddBilling(billing => billing.UseSqlite($"Data Source={file}").UseRest(rest => rest.AdministratorPassword = Password));
        builder.Services.Configure<BillingOptions>(options => options.RunWorker = false);
        builder.Services.Replace(ServiceDescriptor.Singleton(NullUsageStore.Create()));
        var app = builder.Build();
        app.MapBilling();
        app.MapPost("/bare", (BareDelivery delivery) => TypedResults.Json(new BareAnswer(delivery.Events.Length), BareJson.Default.BareAnswer, statusCode: 202));
        await app.Services.GetRequiredService<Billing>().MigrateAsync();
        await app.StartAsync();
        var billing = app.Services.GetRequiredService<Billing>();
        for (var i = 0; i < 10; i++)
        {
            await billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Acme", ExternalId = $"customer-{i}", Currency = Currency.Parse("USD") });
        }

        await billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "tokens", Name = "Tokens", EventType = "llm.call", Aggregation = Aggregation.Sum, Property = "input_tokens", GroupBy = ["model"] });
        await billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "calls", Name = "Calls", EventType = "llm.call", Aggregation = Aggregation.Count });
        return app;
    }

    private static async Task<string> SignInAsync(HttpClient client)
    {
        using var answer = await client.PostAsync(new Uri("/api/v1/auth/login", UriKind.Relative), new StringContent($$"""{"email":"admin@localhost","password":"{{Password}}"}""", Encoding.UTF8, "application/json"));
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("payload").GetProperty("access_token").GetString()!;
    }

    private static byte[] Body()
    {
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        var events = Enumerable.Range(0, Events).Select(i =>
            $$$"""{"id":"{{{Guid.CreateVersion7()}}}","type":"llm.call","customer_id":"customer-{{{i % 10}}}","timestamp":"{{{now}}}","properties":{"model":"large-{{{i % 4}}}","input_tokens":{{{i * 7}}},"output_tokens":{{{i}}},"cached":false,"region":"eu-west-1"}}""");
        return Encoding.UTF8.GetBytes($$"""{"events":[{{string.Join(',', events)}}]}""");
    }

    private static void Report(string what, Side side, Side bare) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what,-42} median {side.Median / 10_000m,6:0.00} ms, {(decimal)bare.Median / side.Median:0.00} x   fastest {side.Fastest / 10_000m,6:0.00} ms, {(decimal)bare.Fastest / side.Fastest:0.00} x   processor {side.Processor / 10_000m,6:0.00} ms, {(decimal)bare.Processor / side.Processor:0.00} x"));

    /// <summary>One of the two endpoints and what its requests took, in ticks.</summary>
    private sealed class Side(string path)
    {
        public const int Requests = 10;
        private readonly List<long> _processor = [];

        private readonly List<long> _requests = [];

        public long Fastest => _requests.Min();

        public long Median => _requests.Order().ElementAt(_requests.Count / 2);

        /// <summary>Processor time of a request, client included; the median of all blocks.</summary>
        public long Processor => _processor.Order().ElementAt(_processor.Count / 2);

        public async Task RunAsync(HttpClient client, byte[] body, bool isCounted)
        {
            var before = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < Requests; i++)
            {
                var start = Stopwatch.GetTimestamp();
                using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
                using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content);
                var text = await answer.Content.ReadAsByteArrayAsync();
                if (!answer.IsSuccessStatusCode)
                {
                    throw new InvalidOperationException(Encoding.UTF8.GetString(text));
                }

                if (isCounted)
                {
                    _requests.Add(Stopwatch.GetElapsedTime(start).Ticks);
                }
            }

            if (isCounted)
            {
                _processor.Add((Environment.CpuUsage.TotalTime - before).Ticks / Requests);
            }
        }
    }
}
