using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests.Auth;

/// <summary>The key ring in the database under a certificate that only the host has; what the keys protect outlives a change of certificates.</summary>
public sealed class KeyRingCertificateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("billapis-keyring-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_in_the_clear_and_under_an_old_certificate_are_put_under_the_one_in_use()
    {
        var (first, second) = (Certificate("first"), Certificate("second"));
        var signer = await SignerAsync(null);
        (await RingAsync()).ShouldContain("requiresEncryption");

        // The database alone opens nothing any more, and what was signed with before still signs.
        (await SignerAsync($"{first},{first}.password")).ShouldBe(signer);
        var encrypted = await RingAsync();
        encrypted.ShouldNotContain("requiresEncryption");
        encrypted.ShouldNotContain("masterKey");
        encrypted.ShouldContain(Data(first));

        // Both at hand, the keys come under the new one; then the old one is not needed.
        (await SignerAsync($"{second},{second}.password;{first},{first}.password")).ShouldBe(signer);
        (await RingAsync()).ShouldContain(Data(second));
        (await RingAsync()).ShouldNotContain(Data(first));
        (await SignerAsync($"{second},{second}.password")).ShouldBe(signer);

        // Without it, nothing is signed with that key.
        (await SignerAsync(null)).ShouldNotBe(signer);
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_used_stops_the_start_and_its_password_is_not_told()
    {
        var good = Certificate("good");
        File.WriteAllText($"{good}.wrong", "not the password");
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            using var made = new CertificateRequest("CN=elliptic", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
            File.WriteAllBytes(Path.Combine(_folder, "elliptic.pfx"), made.Export(X509ContentType.Pfx));
        }

        foreach (var (setting, told) in new[] { ($"{good},{good}.wrong", "password"), (Path.Combine(_folder, "none.pfx"), "none.pfx"), (Path.Combine(_folder, "elliptic.pfx"), "elliptic.pfx has no RSA private key"), ("", "allowed: PKCS#12 files") })
        {
            var (exitCode, output) = await HostProcess.RefusedAsync(_folder, $"--Billing:KeyRing:Certificates={setting}");
            exitCode.ShouldBe(1, output);
            output.ShouldStartWith($"The host cannot start: Billing:KeyRing:Certificates is '{setting}'; allowed: PKCS#12 files of RSA certificates");
            output.ShouldContain(told);
            output.ShouldNotContain("not the password");
        }

        var (code, line) = await HostProcess.RefusedAsync(_folder, "--Billing:KeyRing:Password=a secret");
        (code, line.Contains("a secret", StringComparison.Ordinal)).ShouldBe((1, false), line);
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    // Which key signs what a host with these certificates issues.
    private async Task<string> SignerAsync(string? certificates)
    {
        await using var node = new Node(Path.Combine(_folder, "billing.db"), certificates);
        var token = (await new Api(node.CreateClient(), null).PostAsync("/auth/login", new { email = HostFixture.Email, password = HostFixture.Password })).Ok().GetProperty("access_token").GetString()!;
        (await new Api(node.CreateClient(), token).GetAsync("/auth/me")).Ok();
        var head = token.Split('.')[0].Replace('-', '+').Replace('_', '/');
        return JsonElement.Parse(Convert.FromBase64String(head.PadRight((head.Length + 3) / 4 * 4, '='))).GetProperty("kid").GetString()!;
    }

    private async Task<string> RingAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "billing.db")};Pooling=False");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = "select group_concat(json_extract(body, '$.xml')) from billing_ring_key";
        return (string)(await command.ExecuteScalarAsync(Token))!;
    }

    private string Certificate(string name)
    {
        var (file, password) = (Path.Combine(_folder, $"{name}.pfx"), RandomNumberGenerator.GetHexString(20));
        using var key = RSA.Create(2048);
        using var made = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        File.WriteAllBytes(file, made.Export(X509ContentType.Pfx, password));
        File.WriteAllText($"{file}.password", password + "\n");
        return file;
    }

    private static string Data(string file) => Convert.ToBase64String(X509CertificateLoader.LoadPkcs12FromFile(file, File.ReadAllText($"{file}.password").Trim()).RawData);

    private sealed class Node(string file, string? certificates) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseSetting("Billing:ConnectionString", $"Data Source={file}").UseSetting("Billing:Admin:Email", HostFixture.Email).UseSetting("Billing:Admin:Password", HostFixture.Password)
                .ConfigureTestServices(services => services.Configure<BillingOptions>(options => options.RunWorker = false));
            if (certificates is not null)
            {
                builder.UseSetting("Billing:KeyRing:Certificates", certificates);
            }
        }
    }
}
