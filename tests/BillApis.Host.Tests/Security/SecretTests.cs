using System.Collections.Concurrent;
using System.Text.Json;
using BillApis.AspNetCore;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BillApis.Host.Tests.Security;

/// <summary>Every kind of secret is used once, and then looked for in all that was logged, audited, answered and exported.</summary>
public sealed class SecretTests
{
    private const string Password = "seeded-password-81c5";
    private const string Next = "seeded-password-93ee";

    [Fact]
    public async Task No_secret_is_found_in_logs_audit_answers_or_exports()
    {
        await using var fixture = new HostFixture();
        await fixture.InitializeAsync();
        var log = new Ear();
        await using var host = fixture.WithWebHostBuilder(builder => builder
            .ConfigureTestServices(services => services.AddSingleton<ILoggerProvider>(log))
            .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddFilter<Ear>(null, LogLevel.Trace)));
        var (nobody, answers, secrets) = (new Api(host.CreateClient(), null), new List<Answer>(), new List<string> { Password, Next });
        var api = new Api(host.CreateClient(), fixture.Api.Token);
        secrets.Add(api.Token!.Split('.')[2]);

        // Users: a password, an invitation, a session, a second factor.
        answers.Add(await api.PostAsync("/admin/users", new { email = "ada@example.com", name = "Ada", roles = new[] { "support" }, password = Password }));
        secrets.Add(Shown(await api.PostAsync("/admin/users", new { email = "guest@example.com", name = "Guest" }), "reset_token"));
        var login = await nobody.PostAsync("/auth/login", new { email = "ada@example.com", password = Password });
        var (ada, refresh) = (new Api(host.CreateClient(), Shown(login, "access_token")), Shown(login, "refresh_token"));
        secrets.AddRange([ada.Token!.Split('.')[2], refresh.Split('.')[2]]);
        secrets.Add(Shown(await ada.PostAsync("/auth/totp"), "secret"));
        var refreshed = await nobody.PostAsync("/auth/refresh", new { refresh_token = refresh });
        secrets.AddRange([Shown(refreshed, "access_token").Split('.')[2], Shown(refreshed, "refresh_token").Split('.')[2]]);
        answers.Add(await ada.PostAsync("/auth/password", new { current_password = Password, new_password = Next }));
        answers.Add(await nobody.PostAsync("/auth/login", new { email = "ada@example.com", password = Password }));
        answers.Add(await nobody.PostAsync("/auth/login", new { email = "ada@example.com", password = Next, nonsense = "x" }));
        answers.Add(await nobody.PostAsync("/auth/password/reset", new { token = secrets[3], new_password = Next + "!" }));

        // Programs: a key that is made, used, rotated, misused.
        var made = await api.PostAsync("/admin/api-keys", new { name = "Key", scopes = new[] { "customers:read" } });
        secrets.Add(Shown(made, "key")[30..]);
        answers.Add(await nobody.SendAsync(HttpMethod.Get, "/customers", null, ("X-API-Key", Shown(made, "key"))));
        answers.Add(await nobody.SendAsync(HttpMethod.Get, "/admin/users", null, ("X-API-Key", Shown(made, "key"))));
        answers.Add(await nobody.SendAsync(HttpMethod.Get, "/customers", null, ("X-API-Key", Shown(made, "key") + "x")));
        secrets.Add(Shown(await api.PostAsync($"/admin/api-keys/{Seed.Id(made.Payload)}/rotate"), "key")[30..]);
        answers.Add(await api.GetAsync("/admin/users"));
        answers.Add(await api.GetAsync("/admin/api-keys"));
        answers.Add(await api.GetAsync("/admin/audit?limit=500"));
        answers.Count(answer => answer.Status == 200).ShouldBeGreaterThan(5);

        var places = answers.Select(answer => ("an answer", answer.Envelope.GetRawText())).Concat(log.Lines.Select(line => ("the log", line))).ToList();
        await foreach (var row in fixture.Services.GetRequiredService<TenantData>().ReadAsync(TenantId.Default, TestContext.Current.CancellationToken))
        {
            places.Add(("the export", $"{row.Table} {row.Row.GetRawText()}"));
        }

        log.Lines.Count.ShouldBeGreaterThan(50, "the log was heard");
        secrets.ShouldAllBe(secret => secret.Length > 10);
        secrets.SelectMany(secret => places.Where(place => place.Item2.Contains(secret, StringComparison.Ordinal)).Select(place => $"{secret} in {place.Item1}: {place.Item2}")).ShouldBeEmpty();
    }

    private static string Shown(Answer answer, string field)
    {
        answer.Status.ShouldBeLessThan(300, answer.Envelope.GetRawText());
        return answer.Payload.GetProperty(field).GetString()!;
    }

    /// <summary>All that is logged, at every level.</summary>
    private sealed class Ear : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
