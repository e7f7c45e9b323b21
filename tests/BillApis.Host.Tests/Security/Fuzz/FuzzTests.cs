using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using BillApis.AspNetCore;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BillApis.Host.Tests.Security.Fuzz;

/// <summary>Malformed, mistyped, oversized and boundary requests, made from the OpenAPI document: never an internal error, never a hang, never anything of another tenant.</summary>
/// <remarks>How many and from which seed is set by <c>BILLAPIS_FUZZ_REQUESTS</c> and <c>BILLAPIS_FUZZ_SEED</c>.</remarks>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const string Canary = "canary-4f1d9c";
    private const string OtherCustomer = "canary-b2770e";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // They would end the caller's own session; MatrixTests and AuthTests call them.
    private static readonly string[] Left = ["POST /auth/logout", "POST /auth/password", "POST /portal/auth/logout", "POST /portal/auth/password"];

    private static int Setting(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    [Fact]
    public async Task No_request_is_an_internal_error_hangs_or_shows_anything_of_another_tenant()
    {
        var (most, seed) = (Setting("BILLAPIS_FUZZ_REQUESTS", 3_000), Setting("BILLAPIS_FUZZ_SEED", 20261126));
        output.WriteLine($"{most} requests, seed {seed}");
        await using var fixture = new HostFixture();
        await fixture.InitializeAsync();
        var errors = new Errors();
        await using var host = fixture.WithWebHostBuilder(builder => builder.ConfigureTestServices(services => services.AddSingleton<ILoggerProvider>(errors)));
        using var client = host.CreateClient();
        client.Timeout = Patience;
        var canary = await FillAsync(fixture.Api, Canary);
        var operations = (await Operation.AllAsync(client)).Where(operation => !Left.Contains(operation.ToString())).ToList();
        operations.Count(operation => operation.IsOpen).ShouldBeGreaterThan(8);
        var (random, names) = (new Random(seed), new List<string>());
        var (tenant, owner) = await fixture.TenantAsync();
        var values = new FuzzValues(random, operations[0].Schemas, names);
        await SeedAsync(owner, names);
        names.AddRange([Seed.Id(tenant), .. await FillAsync(owner, OtherCustomer)]);
        var credentials = await CredentialsAsync(fixture, owner);
        names.AddRange(canary);
        var before = await DataAsync(fixture);

        var (wrong, statuses, slowest) = (new SortedDictionary<string, string>(StringComparer.Ordinal), new SortedDictionary<int, int>(), (Time: TimeSpan.Zero, What: ""));
        for (var number = 0; number < most; number++)
        {
            var operation = operations[random.Next(operations.Count)];
            var request = FuzzRequest.Of(operation, random, values);
            var watch = Stopwatch.StartNew();
            var kind = operation.IsOpen ? null : operation.IsForPortal ? credentials.Portal : credentials.Admin;
            var (status, text) = await SendAsync(client, request, kind?[random.Next(kind.Length)]);
            slowest = watch.Elapsed > slowest.Time ? (watch.Elapsed, $"number {number}, {operation}, {status}") : slowest;
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            var problem = status >= 500 || status == 0 ? $"{status} {errors.Take()}"
                : status == 401 && !operation.IsOpen && !request.IsForged ? "the session ended"
                : Shows(Canary) ? "another tenant's data"
                : (operation.IsOpen || operation.IsForPortal) && Shows(OtherCustomer) ? "another customer's data"
                : status != 404 || text.Contains("\"success\"", StringComparison.Ordinal) ? null : "no envelope";
            bool Shows(string canary) => text.Contains(canary, StringComparison.Ordinal) && !request.ToString().Contains(canary, StringComparison.Ordinal);
            if (problem is not null)
            {
                wrong.TryAdd($"{operation}: {problem}", $"number {number}: {request}");
            }

            if (status is 201 && names.Count < 400 && Regexes.Id(text) is { } made)
            {
                names.Add(made);
            }
        }

        output.WriteLine($"{string.Join(", ", statuses.Select(status => $"{status.Value} × {status.Key}"))}; the slowest took {slowest.Time.TotalMilliseconds:F0} ms ({slowest.What})");
        wrong.Select(item => $"{item.Key}\n    {item.Value}").ShouldBeEmpty();
        statuses.Where(status => status.Key is >= 200 and < 300).Sum(status => status.Value).ShouldBeGreaterThan(most / 20, "hardly anything got through to be tried");
        (await DataAsync(fixture)).ShouldBe(before);
        (await owner.GetAsync("/admin/audit/verify")).Ok().GetProperty("intact").GetBoolean().ShouldBeTrue();
        foreach (var total in (await owner.GetAsync("/ledger/trial-balance")).Ok().GetProperty("totals").EnumerateArray())
        {
            total.GetProperty("debits").GetDecimal().ShouldBe(total.GetProperty("credits").GetDecimal());
        }
    }

    private static async Task<(int Status, string Text)> SendAsync(HttpClient client, FuzzRequest request, (string Name, string Value)? credential)
    {
        try
        {
            using var message = request.ToMessage(credential);
            using var answer = await client.SendAsync(message, TestContext.Current.CancellationToken);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException)
        {
            return (0, exception.Message);
        }
    }

    /// <summary>What the caller is known by, in both realms: a token of an owner, and that of a customer's user or a key that the user made.</summary>
    private static async Task<((string Name, string Value)[] Admin, (string Name, string Value)[] Portal)> CredentialsAsync(HostFixture host, Api owner)
    {
        var (_, portal) = await new PortalPeople(host, owner).AddAsync();
        var key = (await portal.PostAsync("/portal/api-keys", new { name = "Fuzz" })).Ok(201).GetProperty("key").GetString()!;
        (await owner.PatchAsync("/admin/settings", new { registration_plan_id = Seed.Id(await new Seed(owner).PlanAsync()) })).Ok();
        return ([("Authorization", $"Bearer {owner.Token}")], [("Authorization", $"Bearer {portal.Token}"), ("Authorization", $"Bearer {portal.Token}"), ("X-API-Key", key)]);
    }

    /// <summary>What must not be seen: ids and names that only the operator's tenant has.</summary>
    private static async Task<List<string>> FillAsync(Api api, string name)
    {
        var customer = (await api.PostAsync("/customers", new { name, currency = "USD", external_id = $"{name}-customer", email = $"{name}@example.com", metadata = new { note = name } })).Ok(201);
        var product = (await api.PostAsync("/products", new { code = $"{name}-product", name })).Ok(201);
        var invoice = (await api.PostAsync("/invoicing/invoices", new { customer_id = Seed.Id(customer), currency = "USD", lines = new[] { new { description = name, quantity = 1, unit_amount = 100 } } })).Ok(201);
        (await api.PostAsync($"/invoicing/invoices/{Seed.Id(invoice)}/issue")).Ok();
        (await api.PostAsync("/usage/events", new { id = $"{name}-event", type = name, customer_id = Seed.Id(customer) })).Ok(202);
        return [Seed.Id(customer), Seed.Id(product), Seed.Id(invoice)];
    }

    /// <summary>Things of the caller's own, so that much of what is sent gets further than "there is no such thing".</summary>
    private static async Task SeedAsync(Api api, List<string> names)
    {
        var seed = new Seed(api);
        var customer = Seed.Id(await seed.CustomerAsync());
        var metric = Seed.Id(await seed.MetricAsync("call"));
        var plan = Seed.Id(await seed.PlanAsync(metric));
        var subscription = Seed.Id(await seed.SubscriptionAsync(customer, plan, DateTimeOffset.Parse(HostFixture.Start, CultureInfo.InvariantCulture)));
        var lines = new[] { new { description = "Setup", quantity = 1, unit_amount = 100 } };
        var invoice = Seed.Id((await api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines })).Ok(201));
        (await api.PostAsync($"/invoicing/invoices/{invoice}/issue")).Ok();
        var draft = Seed.Id((await api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines })).Ok(201));
        names.AddRange([customer, metric, plan, subscription, invoice, draft]);
    }

    private static async Task<List<string>> DataAsync(HostFixture host)
    {
        var lines = new List<string>();
        await foreach (var row in host.Services.GetRequiredService<TenantData>().ReadAsync(TenantId.Default, TestContext.Current.CancellationToken))
        {
            // Who signs in with an address that nobody has is noted in the operator's audit trail.
            var isSignIn = row.Table is "billing_audit" && row.Row.GetProperty("action").GetString() is "login.failed";
            if (!isSignIn && row.Table is not "billing_tenant" and not "billing_login" and not "billing_audit_head")
            {
                lines.Add($"{row.Table} {row.Row.GetRawText()}");
            }
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }

    private static class Regexes
    {
        public static string? Id(string text) => JsonElement.Parse(text).GetProperty("payload") is { ValueKind: JsonValueKind.Object } payload && payload.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String ? id.GetString() : null;
    }

    /// <summary>What the host logged as errors: where an internal error came from.</summary>
    private sealed class Errors : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _seen = new();

        public string Take()
        {
            var all = _seen.ToList();
            _seen.Clear();
            return string.Join(" | ", all.Take(2));
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && exception is not null)
            {
                _seen.Enqueue($"{exception.GetType().Name} {string.Join(" < ", (exception.StackTrace ?? "").Split('\n').Where(line => line.Contains("BillApis", StringComparison.Ordinal)).Take(3).Select(line => line.Trim()))}");
            }
        }

        public void Dispose()
        {
        }
    }
}
