using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using BillApis.Identity;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.IdentityModel.Tokens;

namespace BillApis.AspNetCore;

/// <summary>The keys of the access tokens: kept in the database, the private halves encrypted by ASP.NET Data Protection.</summary>
internal sealed class SigningKeys(IStore<SigningKey> store, IDataProtectionProvider protection) : IDisposable
{
    private static readonly TenantId Owner = TenantId.Default;
    private readonly IDataProtector _protector = protection.CreateProtector("BillApis.SigningKey");
    private readonly ConcurrentDictionary<SigningKeyId, ECDsaSecurityKey> _public = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private ECDsaSecurityKey? _current;

    /// <summary>The key to sign with: the newest one that this node can decrypt, or a new one.</summary>
    public async Task<ECDsaSecurityKey> CurrentAsync(CancellationToken cancellationToken)
    {
        if (_current is { } known)
        {
            return known;
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _current ??= await LoadAsync(cancellationToken).ConfigureAwait(false) ?? await CreateAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The public half of a key, or null where there is no such key.</summary>
    public async Task<SecurityKey?> FindAsync(string kid, CancellationToken cancellationToken)
    {
        if (!EntityId.TryParse<SigningKeyId>(kid, out var id))
        {
            return null;
        }

        if (!_public.TryGetValue(id, out var key) && await store.FindAsync(Owner, kid, cancellationToken).ConfigureAwait(false) is { } stored)
        {
            var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(Convert.FromBase64String(stored.PublicKey), out _);
            key = _public.GetOrAdd(id, new ECDsaSecurityKey(ecdsa) { KeyId = kid });
        }

        return key;
    }

    /// <summary>The public halves of all keys.</summary>
    public async Task<IReadOnlyList<PublishedKey>> PublishedAsync(CancellationToken cancellationToken)
    {
        var keys = await store.ListAsync(Owner, new StoreQuery { Limit = Limits.PageSize }, cancellationToken).ConfigureAwait(false);
        return [.. keys.Items.Select(Publish)];
    }

    public void Dispose() => _turn.Dispose();

    private static PublishedKey Publish(SigningKey key)
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(Convert.FromBase64String(key.PublicKey), out _);
        var point = ecdsa.ExportParameters(includePrivateParameters: false).Q;
        return new PublishedKey("EC", "P-256", SecurityAlgorithms.EcdsaSha256, "sig", key.Id.ToString(), Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
    }

    private async Task<ECDsaSecurityKey?> LoadAsync(CancellationToken cancellationToken)
    {
        var keys = await store.ListAsync(Owner, new StoreQuery { Limit = Limits.PageSize }, cancellationToken).ConfigureAwait(false);
        return keys.Items.Select(Decrypt).FirstOrDefault(key => key is not null);
    }

    private async Task<ECDsaSecurityKey> CreateAsync(CancellationToken cancellationToken)
    {
        var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = new SigningKey
        {
            PrivateKey = _protector.Protect(Convert.ToBase64String(ecdsa.ExportPkcs8PrivateKey())),
            PublicKey = Convert.ToBase64String(ecdsa.ExportSubjectPublicKeyInfo()),
            CreatedAt = RealTime.Now,
        };
        await store.SaveAsync(Owner, [key], [], cancellationToken).ConfigureAwait(false);
        return new ECDsaSecurityKey(ecdsa) { KeyId = key.Id.ToString() };
    }

    private ECDsaSecurityKey? Decrypt(SigningKey key)
    {
        try
        {
            var ecdsa = ECDsa.Create();
            ecdsa.ImportPkcs8PrivateKey(Convert.FromBase64String(_protector.Unprotect(key.PrivateKey)), out _);
            return new ECDsaSecurityKey(ecdsa) { KeyId = key.Id.ToString() };
        }
        catch (CryptographicException)
        {
            // Another node's key ring encrypted it: that node signs with it, this one only checks.
            return null;
        }
    }
}
