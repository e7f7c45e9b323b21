using System.Collections.Immutable;
using BillApis.AspNetCore;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace BillApis.Host.Tests.Metering;

/// <summary>An application of its own on Kestrel at a free loopback port, with billing on a SQLite file; stopping it stores what it metered.</summary>
internal sealed class MeteredServer : IAsyncDisposable
{
    public const string Acme = "acme";
    private static readonly Interval Always = new(Instant.FromUtc(2000, 1, 1, 0, 0), Instant.FromUtc(2100, 1, 1, 0, 0));
    private readonly WebApplication _app;
    private readonly string _file;

    private MeteredServer(WebApplication app, string file) => (_app, _file) = (app, file);

    public HttpClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    public Billing Billing => Services.GetRequiredService<Billing>();

    public UsageBuffer Buffer => Services.GetRequiredService<UsageBuffer>();

    public ImmutableArray<string> Log => [.. Services.GetRequiredService<Lines>()];

    /// <summary>Starts an application of these services and this pipeline; it has the customer acme and metrics of the events "call".</summary>
    public static async Task<MeteredServer> StartAsync(Action<WebApplication> pipeline, Action<WebApplicationBuilder>? configure = null)
    {
        var file = SqliteFile.NewPath();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<Lines>().AddSingleton<ILoggerProvider>(provider => provider.GetRequiredService<Lines>());
        builder.Services.AddBilling(billing => billing.UseSqlite($"Data Source={file}"));
        builder.Services.Configure<BillingOptions>(options => options.RunWorker = false);
        configure?.Invoke(builder);
        var app = builder.Build();
        pipeline(app);
        var server = new MeteredServer(app, file);
        await server.SetUpAsync();
        await app.StartAsync(TestContext.Current.CancellationToken);
        server.Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        return server;
    }

    public async Task<string> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null, headers);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Stops the application as its user would, and answers every event that it recorded, in the order in which they were.</summary>
    public async Task<IReadOnlyList<StoredEvent>> StopAsync()
    {
        await _app.StopAsync(TestContext.Current.CancellationToken);
        var events = new List<StoredEvent>();
        for (var query = new UsageQuery { Limit = Limits.PageSize }; ;)
        {
            var page = await Billing.Usage.EventsAsync(TenantId.Default, query, TestContext.Current.CancellationToken);
            events.AddRange(page.Items);
            if (page.Next is null)
            {
                return [.. events.OrderBy(item => Number(item.Event.Id))];
            }

            query = query with { After = page.Next };
        }
    }

    /// <summary>What billing counts for a metric of acme's.</summary>
    public async Task<decimal> QuantityAsync(string metric, string customer = Acme) =>
        (await Billing.Usage.SummaryAsync(TenantId.Default, new UsageSummaryQuery { Customer = customer, Metric = metric, Period = Always }, TestContext.Current.CancellationToken)).Single().Value;

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        SqliteFile.Delete(_file);
    }

    private async Task SetUpAsync()
    {
        await Billing.MigrateAsync(TestContext.Current.CancellationToken);
        await Billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Acme", ExternalId = Acme, Currency = Currency.Parse("USD") }, TestContext.Current.CancellationToken);
        await Billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Count }, TestContext.Current.CancellationToken);
        foreach (var property in new[] { "request_bytes", "response_bytes" })
        {
            await Billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = property, Name = property, EventType = "call", Aggregation = Aggregation.Sum, Property = property }, TestContext.Current.CancellationToken);
        }
    }

    private static long Number(string id) => Convert.ToInt64(id.Split('-')[1], 16);

    /// <summary>The warnings and errors that were logged.</summary>
    private sealed class Lines : System.Collections.Concurrent.ConcurrentQueue<string>, ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
