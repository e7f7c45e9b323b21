using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;

namespace BillApis.Host;

/// <summary>The certificates that the key ring is encrypted under: the first encrypts, all of them decrypt.</summary>
internal static class KeyRingSettings
{
    private const string Key = "Billing:KeyRing:Certificates";
    private const string Allowed = "PKCS#12 files of RSA certificates with their private keys, with semicolons between, each followed by a comma and a file that holds its password where that is not Billing:KeyRing:Password, like new.pfx,new.password;old.pfx";

    public static Action<IDataProtectionBuilder> Read(IConfiguration billing)
    {
        var (value, password) = (billing["KeyRing:Certificates"], billing["KeyRing:Password"]);
        if (value is null)
        {
            return password is null ? _ => { } : throw new SettingException("Billing:KeyRing:Password", "…", $"nothing, unless {Key} is set");
        }

        X509Certificate2[] certificates = [.. value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(files => Load(value, files.Split(',', StringSplitOptions.TrimEntries), password))];
        return certificates.Length == 0
            ? throw new SettingException(Key, value, Allowed)
            : protection => protection.ProtectKeysWithCertificate(certificates[0]).UnprotectKeysWithAnyCertificate(certificates);
    }

    private static X509Certificate2 Load(string value, string[] files, string? password)
    {
        try
        {
            var certificate = files.Length <= 2
                ? X509CertificateLoader.LoadPkcs12FromFile(files[0], files.Length == 2 ? File.ReadAllText(files[1]).TrimEnd('\r', '\n') : password)
                : throw new SettingException(Key, value, Allowed);
            using var key = certificate.GetRSAPrivateKey();
            return key is not null ? certificate : throw new SettingException(Key, value, $"{Allowed}: {files[0]} has no RSA private key");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new SettingException(Key, value, $"{Allowed}: {exception.Message}");
        }
    }
}
