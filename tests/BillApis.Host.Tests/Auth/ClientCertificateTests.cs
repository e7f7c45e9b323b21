using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>A key that is bound to a client certificate, over real TLS.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("billapis-tls-").FullName;

    [Fact]
    public async Task A_bound_key_works_with_its_certificate_alone()
    {
        using var server = Certificate("localhost");
        using var right = Certificate("right");
        using var wrong = Certificate("wrong");
        var file = Path.Combine(_folder, "server.pfx");
        await File.WriteAllBytesAsync(file, server.Export(X509ContentType.Pfx, "x"), TestContext.Current.CancellationToken);
        var port = FreePort();
        await using var host = await HostProcess.StartAsync(
            _folder, "--Billing:Admin:Password=a known password", $"--urls={{url}};https://127.0.0.1:{port}", $"--Kestrel:Certificates:Default:Path={file}", "--Kestrel:Certificates:Default:Password=x");
        var api = host.Api(await host.TokenAsync("admin@localhost", "a known password"));
        (await api.PostAsync("/admin/api-keys", new { name = "X", scopes = new[] { "customers:read" }, client_certificate = "nonsense" })).ShouldFail(400, "VAL_001", "client_certificate");
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(right.RawData));
        var created = (await api.PostAsync("/admin/api-keys", new { name = "Bound", scopes = new[] { "customers:read" }, client_certificate = fingerprint })).Ok(201);
        created.GetProperty("client_certificate").GetString().ShouldBe(fingerprint);
        var key = created.GetProperty("key").GetString()!;
        (await CallAsync(port, key, right)).ShouldBe(200);
        (await CallAsync(port, key, wrong)).ShouldBe(403);
        (await CallAsync(port, key, null)).ShouldBe(403);
        (await host.Api().SendAsync(HttpMethod.Get, "/customers", null, ("X-API-Key", key))).ShouldFail(403, "AUTH_006");
        (await api.PatchAsync($"/admin/api-keys/{Seed.Id(created)}", new { client_certificate = (string?)null })).Ok().GetProperty("client_certificate").ValueKind.ShouldBe(JsonValueKind.Null);
        (await CallAsync(port, key, null)).ShouldBe(200);
    }

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<int> CallAsync(int port, string key, X509Certificate2? certificate)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator, ClientCertificateOptions = ClientCertificateOption.Manual };
        if (certificate is not null)
        {
            handler.ClientCertificates.Add(certificate);
        }

        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://127.0.0.1:{port}/api/v1/customers")) { Headers = { { "X-API-Key", key } } };
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
