using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests;

/// <summary>Two hosts on one PostgreSQL, whether it guards rows by their tenant or not: whichever a request reaches, its key stands for one effect and one answer.</summary>
public sealed class TwoHostsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fifty_twins_at_two_hosts_have_one_effect_and_one_answer(bool guarded)
    {
        var database = guarded ? (await PostgresServer.NewOwnedDatabaseAsync()).Owner : await PostgresServer.NewDatabaseAsync();
        await using var first = new Node(database, guarded);
        await using var second = new Node(database, guarded: false);
        var token = (await new Api(first.CreateClient(), null).PostAsync("/auth/login", new { email = HostFixture.Email, password = HostFixture.Password })).Ok().GetProperty("access_token").GetString();
        var (one, other) = (new Api(first.CreateClient(), token), new Api(second.CreateClient(), token));
        var seed = new Seed(one);
        var customer = Seed.Id(await seed.CustomerAsync());
        var lines = new[] { new { description = "Setup", quantity = 1, unit_amount = 100 } };
        var invoice = Seed.Id((await one.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines })).Ok(201));
        foreach (var (path, body) in new (string, object)[]
        {
            ("/customers", new { name = "Twin", currency = "USD", email = "twin@example.com" }),
            ($"/invoicing/invoices/{invoice}/issue", new { }),
            ($"/invoicing/invoices/{invoice}/payments", new { amount = 1, reference = "bank" }),
            ("/admin/api-keys", new { name = "Key", scopes = new[] { "customers:read" } }),
            ("/usage/events", new { id = "e-1", type = "call", customer_id = customer }),
        })
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(twin => (twin % 2 == 0 ? one : other).PostOnceAsync(path, body, $"twins{path}")));
            answers[0].Status.ShouldBeLessThan(300, $"{path} {answers[0].Envelope}");
            answers.Select(answer => answer.Envelope.GetRawText()).Distinct().Count().ShouldBe(1, path);
            answers.Count(answer => !answer.Headers.Contains("Idempotent-Replayed")).ShouldBe(1, path);
        }

        (await other.GetAsync("/customers?email=twin@example.com")).Ok().GetArrayLength().ShouldBe(1);
        (await other.GetAsync($"/invoicing/invoices/{invoice}")).Ok().GetProperty("amount_paid").GetDecimal().ShouldBe(1);
        (await other.GetAsync("/usage/events?type=call")).Ok().GetArrayLength().ShouldBe(1);
        (await other.GetAsync("/admin/audit/verify")).Ok().GetProperty("intact").GetBoolean().ShouldBeTrue();
    }

    private sealed class Node(string database, bool guarded) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder) => builder
            .UseSetting("Billing:Storage", "postgres")
            .UseSetting("Billing:ConnectionString", database)
            .UseSetting("Billing:Postgres:RowLevelSecurity", guarded ? "true" : "false")
            .UseSetting("Billing:Admin:Email", HostFixture.Email)
            .UseSetting("Billing:Admin:Password", HostFixture.Password)
            .ConfigureTestServices(services => services.Configure<BillingOptions>(options => options.RunWorker = false));
    }
}
