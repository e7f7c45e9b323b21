using BillApis.Tests;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests.Auth;

/// <summary>A tenant keeps an owner, whoever takes the last two away at once, on either database.</summary>
public sealed class LastOwnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("billapis-owner-").FullName;

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Of_the_last_two_owners_who_are_demoted_at_once_one_stays(string storage)
    {
        var connection = storage == "postgres" ? await PostgresServer.NewDatabaseAsync() : $"Data Source={Path.Combine(_folder, "billing.db")};Pooling=False";
        await using var host = new Node(storage, connection);
        var nobody = new Api(host.CreateClient(), null);
        async Task<Api> SignedInAsync(string email, string password) => new(host.CreateClient(), (await nobody.PostAsync("/auth/login", new { email, password })).Ok().GetProperty("access_token").GetString());
        var administrator = await SignedInAsync(HostFixture.Email, HostFixture.Password);
        for (var round = 0; round < 8; round++)
        {
            var (tenant, emails) = (Seed.Id((await administrator.PostAsync("/admin/tenants", new { name = "Pair" })).Ok(201)), new[] { $"a{round}@example.org", $"b{round}@example.org" });
            (await administrator.PostAsync($"/admin/tenants/{tenant}/users", new { email = emails[0], name = "A", password = People.Password })).Ok(201);
            var a = await SignedInAsync(emails[0], People.Password);
            (await a.PostAsync("/admin/users", new { email = emails[1], name = "B", roles = new[] { "owner" }, password = People.Password })).Ok(201);
            var b = await SignedInAsync(emails[1], People.Password);
            var ids = new[] { Seed.Id((await a.GetAsync("/auth/me")).Ok()), Seed.Id((await b.GetAsync("/auth/me")).Ok()) };

            // Each takes the other away; one is told no, or has no access any more.
            var taken = await Task.WhenAll(Task.Run(() => a.DeleteAsync($"/admin/users/{ids[1]}")), Task.Run(() => b.DeleteAsync($"/admin/users/{ids[0]}")));
            taken.Count(answer => answer.Status == 200).ShouldBe(1, string.Join(' ', taken.Select(answer => answer.Envelope.GetRawText())));
            taken.Count(answer => answer.Status is 401 or 409).ShouldBe(1, string.Join(' ', taken.Select(answer => answer.Envelope.GetRawText())));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed class Node(string storage, string connection) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder) => builder
            .UseSetting("Billing:Storage", storage)
            .UseSetting("Billing:ConnectionString", connection)
            .UseSetting("Billing:Admin:Email", HostFixture.Email)
            .UseSetting("Billing:Admin:Password", HostFixture.Password)
            .ConfigureTestServices(services => services.Configure<BillingOptions>(options => options.RunWorker = false));
    }
}
