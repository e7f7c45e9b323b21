using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests;

/// <summary>With split services each endpoint answers at its own port only; a process maps only the services that it runs.</summary>
public sealed class SplitTests
{
    private const string Port = "X-Test-Port";

    [Theory]
    [InlineData(8001, "/auth/me", true)]
    [InlineData(8002, "/auth/me", false)]
    [InlineData(8002, "/customers", true)]
    [InlineData(8003, "/subscriptions", true)]
    [InlineData(8004, "/invoicing/invoices", true)]
    [InlineData(8004, "/customers", false)]
    [InlineData(8010, "/admin/orphan-events", true)]
    [InlineData(8084, "/usage/events", true)]
    [InlineData(8084, "/ledger/accounts", false)]
    public async Task A_split_service_answers_at_its_own_port(int port, string path, bool served)
    {
        await using var host = new SplitHost("all", split: true);
        var answer = await new Api(host.CreateClient(), null).SendAsync(HttpMethod.Get, path, null, (Port, port.ToString(CultureInfo.InvariantCulture)));
        answer.ShouldFail(served ? 401 : 404, served ? "AUTH_001" : "REQ_001");
    }

    // The ports of the contract; a service without endpoints of its own answers the health checks.
    [Theory]
    [InlineData(8001)]
    [InlineData(8002)]
    [InlineData(8003)]
    [InlineData(8004)]
    [InlineData(8010)]
    [InlineData(8030)]
    [InlineData(8083)]
    [InlineData(8084)]
    [InlineData(8085)]
    [InlineData(8090)]
    public async Task Every_split_service_answers_the_health_checks_and_nothing_that_is_not_its_own(int port)
    {
        await using var host = new SplitHost("all", split: true);
        AspNetCore.RestOptions.KnownServices.Values.ShouldContain(port);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health") { Headers = { { Port, port.ToString(CultureInfo.InvariantCulture) } } };
        using var health = await host.CreateClient().SendAsync(request, TestContext.Current.CancellationToken);
        health.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        (await new Api(host.CreateClient(), null).SendAsync(HttpMethod.Get, "/nothing", null, (Port, port.ToString(CultureInfo.InvariantCulture)))).ShouldFail(404, "REQ_001");
    }

    [Fact]
    public async Task A_process_serves_only_the_services_that_it_runs()
    {
        await using var host = new SplitHost("auth, usage", split: false);
        var api = new Api(host.CreateClient(), null);
        (await api.GetAsync("/auth/me")).ShouldFail(401, "AUTH_001");
        (await api.GetAsync("/usage/events")).ShouldFail(401, "AUTH_001");
        (await api.GetAsync("/customers")).ShouldFail(404, "REQ_001");
    }

    private sealed class SplitHost(string services, bool split) : WebApplicationFactory<Program>, IStartupFilter
    {
        private readonly string _file = SqliteFile.NewPath();

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseSetting("Billing:ConnectionString", $"Data Source={_file}").UseSetting("Billing:Services", services).UseSetting("Billing:Admin:Password", "password");
            builder.ConfigureTestServices(added => added.AddSingleton<IStartupFilter>(this));
            if (split)
            {
                builder.ConfigureTestServices(added => added.Select(service => service.ImplementationInstance).OfType<AspNetCore.RestOptions>().Single().Split = true);
            }
        }

        // The test server has no ports: the header says which one a request came in at.
        Action<IApplicationBuilder> IStartupFilter.Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext context, RequestDelegate inner) =>
            {
                context.Connection.LocalPort = int.TryParse(context.Request.Headers[Port], CultureInfo.InvariantCulture, out var port) ? port : 0;
                return inner(context);
            });
            next(app);
        };

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            SqliteFile.Delete(_file);
        }
    }
}
