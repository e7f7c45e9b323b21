using BillApis.Host.Tests;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(HostFixture))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: TestCollectionOrderer(typeof(RouteCoverageLast))]

namespace BillApis.Host.Tests;

/// <summary>The host on a SQLite file of its own with the test clock, shared by all tests, and who may call it.</summary>
public sealed class HostFixture : WebApplicationFactory<Program>, IAsyncLifetime
{
    public const string Email = "owner@example.com";
    public const string Password = "correct horse battery staple";
    public const string Start = "2026-01-01T00:00:00Z";
    private readonly DirectoryInfo _archive = Directory.CreateTempSubdirectory("billapis-archive-");
    private readonly string _file = SqliteFile.NewPath();

    /// <summary>A client that is signed in.</summary>
    public Api Api { get; private set; } = null!;

    /// <summary>A client without a credential.</summary>
    public Api Nobody { get; private set; } = null!;

    public CalledRoutes Called { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Nobody = new Api(CreateClient(), null);
        Api = new Api(CreateClient(), await TokenAsync());
    }

    /// <summary>A fresh access token of the administrator.</summary>
    public async Task<string> TokenAsync() =>
        (await Nobody.PostAsync("/auth/login", new { email = Email, password = Password })).Ok().GetProperty("access_token").GetString()!;

    /// <summary>A new tenant, and its owner signed in.</summary>
    public async Task<(System.Text.Json.JsonElement Tenant, Api Owner)> TenantAsync()
    {
        var tenant = (await Api.PostAsync("/admin/tenants", new { name = "Another company" })).Ok(201);
        var email = $"{Seed.Name("owner")}@example.org";
        (await Api.PostAsync($"/admin/tenants/{Seed.Id(tenant)}/users", new { email, name = "Owner", password = People.Password })).Ok(201);
        var tokens = (await Nobody.PostAsync("/auth/login", new { email, password = People.Password })).Ok();
        return (tenant, new Api(CreateClient(), tokens.GetProperty("access_token").GetString()));
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder) => builder
        // As it is deployed: in development ASP.NET throws where it otherwise answers a request that it cannot bind without calling anybody.
        .UseEnvironment("Production")
        .UseSetting("Billing:ConnectionString", $"Data Source={_file}")
        .UseSetting("Billing:Clock", "test")
        .UseSetting("Billing:TestClock:Start", Start)
        .UseSetting("Billing:UsageRetention:Folder", _archive.FullName)
        .UseSetting("Billing:Admin:Email", Email)
        .UseSetting("Billing:Admin:Password", Password)
        .ConfigureTestServices(services =>
        {
            services.AddDataProtection().UseEphemeralDataProtectionProvider();
            services.AddSingleton<IStartupFilter>(Called);

            // Tests say when something is billed.
            services.Configure<BillingOptions>(options => options.RunWorker = false);
        });

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _archive.Delete(recursive: true);
        SqliteFile.Delete(_file);
    }
}
