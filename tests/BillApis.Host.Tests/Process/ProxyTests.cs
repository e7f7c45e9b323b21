using Microsoft.Data.Sqlite;

namespace BillApis.Host.Tests;

/// <summary>Who calls is what a proxy says only where the operator named the proxy; whatever the caller itself wrote before is not believed.</summary>
public sealed class ProxyTests : IDisposable
{
    private const string Password = "a known password";
    private readonly string _folder = Directory.CreateTempSubdirectory("billapis-proxy-").FullName;

    [Theory]
    [InlineData("", "203.0.113.7", false)]
    [InlineData("10.0.0.0/8", "203.0.113.7", false)]
    [InlineData("127.0.0.0/8", "203.0.113.7", true)]
    [InlineData("127.0.0.0/8", "203.0.113.7, 198.51.100.9", false)]
    [InlineData("127.0.0.0/8,198.51.100.9/32", "203.0.113.7, 198.51.100.9", true)]
    public async Task A_key_of_one_address_is_used_through_a_proxy_that_is_known(string proxies, string forwarded, bool admitted)
    {
        await using var host = await HostProcess.StartAsync(_folder, $"--Billing:Admin:Password={Password}", $"--Billing:Proxies={proxies}");
        var api = host.Api(await host.TokenAsync("admin@localhost", Password));
        var key = (await api.PostAsync("/admin/api-keys", new { name = "crm", scopes = new[] { "customers:read" }, allowed_networks = new[] { "203.0.113.7" } })).Ok(201).GetProperty("key").GetString()!;
        var answer = await host.Api(null).SendAsync(HttpMethod.Get, "/customers", null, ("X-API-Key", key), ("X-Forwarded-For", forwarded));
        answer.Status.ShouldBe(admitted ? 200 : 403, answer.Envelope.GetRawText());
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }
}
