using System.Collections.Concurrent;
using System.Security.Cryptography;
using BillApis.Identity;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.IdentityModel.Tokens;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>The keys of the access tokens, some for each realm: kept in the database, the private halves encrypted by ASP.NET Data Protection, and replaced as <see cref="SigningSchedule"/> says.</summary>
internal sealed class SigningKeys(IStore<SigningKey> store, IDataProtectionProvider protection) : IDisposable
{
    private static readonly TenantId Owner = TenantId.Default;
    private readonly IDataProtector _protector = protection.CreateProtector("BillApis.SigningKey");
    private readonly ConcurrentDictionary<SigningKeyId, ECDsaSecurityKey> _public = new();
    private readonly ConcurrentDictionary<SigningKeyId, ECDsaSecurityKey?> _private = new();
    private readonly Recent<Realm, IReadOnlyList<SigningKey>> _recent = new();
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The key to sign with: the newest one whose time has come and that this node can decrypt, or a new one.</summary>
    public async Task<ECDsaSecurityKey> CurrentAsync(Realm realm, CancellationToken cancellationToken)
    {
        if (await SigningAsync(realm, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await SigningAsync(realm, cancellationToken).ConfigureAwait(false) ?? Private(await CreateAsync(realm, RealTime.Now, cancellationToken).ConfigureAwait(false))!;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The public half of a key of the realm that is good now, or null.</summary>
    public async Task<SecurityKey?> FindAsync(Realm realm, string kid, CancellationToken cancellationToken) =>
        (await ValidAsync(realm, cancellationToken).ConfigureAwait(false)).FirstOrDefault(key => key.Id.ToString() == kid) is { } found ? Public(found) : null;

    /// <summary>The keys of both realms that are good now or will be, the newest first.</summary>
    public async Task<IReadOnlyList<SigningKey>> ListAsync(CancellationToken cancellationToken) =>
        [.. await ValidAsync(Realm.Admin, cancellationToken).ConfigureAwait(false), .. await ValidAsync(Realm.Portal, cancellationToken).ConfigureAwait(false)];

    /// <summary>Signs with a new key from now on.</summary>
    /// <param name="realm">Whose keys.</param>
    /// <param name="revokesOld">Whether tokens of the keys before it end at once.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public async Task<SigningKey> RotateAsync(Realm realm, bool revokesOld, CancellationToken cancellationToken)
    {
        var old = revokesOld ? await ReadAsync(realm, cancellationToken).ConfigureAwait(false) : [];
        var now = RealTime.Now;
        var created = await CreateAsync(realm, now, cancellationToken).ConfigureAwait(false);
        foreach (var key in old.Where(key => key.RevokedAt is null))
        {
            await store.SaveAsync(Owner, [key with { RevokedAt = now }], [], cancellationToken).ConfigureAwait(false);
        }

        _recent.Forget();
        return created;
    }

    /// <summary>Makes the next key of each realm in time.</summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        foreach (var realm in Enum.GetValues<Realm>())
        {
            if (SigningSchedule.NextDue(await ReadAsync(realm, cancellationToken).ConfigureAwait(false), RealTime.Now) is { } start)
            {
                await CreateAsync(realm, start, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public ECDsa PublicOf(SigningKey key) => Public(key).ECDsa;

    public void Dispose() => _turn.Dispose();

    private async Task<ECDsaSecurityKey?> SigningAsync(Realm realm, CancellationToken cancellationToken)
    {
        var now = RealTime.Now;
        return (await ValidAsync(realm, cancellationToken).ConfigureAwait(false)).Where(key => key.SignsFrom <= now).Select(Private).FirstOrDefault(key => key is not null);
    }

    private async ValueTask<IReadOnlyList<SigningKey>> ValidAsync(Realm realm, CancellationToken cancellationToken) =>
        SigningSchedule.Valid(await _recent.GetAsync(realm, () => ReadAsync(realm, cancellationToken)).ConfigureAwait(false), RealTime.Now);

    private async Task<IReadOnlyList<SigningKey>> ReadAsync(Realm realm, CancellationToken cancellationToken) =>
        [.. (await store.ListAsync(Owner, new StoreQuery { Limit = Limits.PageSize }, cancellationToken).ConfigureAwait(false)).Items.Where(key => key.Realm == realm)];

    private async Task<SigningKey> CreateAsync(Realm realm, Instant start, CancellationToken cancellationToken)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = new SigningKey
        {
            Realm = realm,
            PrivateKey = _protector.Protect(Convert.ToBase64String(ecdsa.ExportPkcs8PrivateKey())),
            PublicKey = Convert.ToBase64String(ecdsa.ExportSubjectPublicKeyInfo()),
            CreatedAt = RealTime.Now,
            StartsAt = start,
        };
        await store.SaveAsync(Owner, [key], [], cancellationToken).ConfigureAwait(false);
        _recent.Forget();
        return key.WithVersion(1);
    }

    private ECDsaSecurityKey Public(SigningKey key) => _public.GetOrAdd(key.Id, _ =>
    {
        var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(Convert.FromBase64String(key.PublicKey), out var _);
        return new ECDsaSecurityKey(ecdsa) { KeyId = key.Id.ToString() };
    });

    private ECDsaSecurityKey? Private(SigningKey key) => _private.GetOrAdd(key.Id, _ =>
    {
        try
        {
            var ecdsa = ECDsa.Create();
            ecdsa.ImportPkcs8PrivateKey(Convert.FromBase64String(_protector.Unprotect(key.PrivateKey)), out var _);
            return new ECDsaSecurityKey(ecdsa) { KeyId = key.Id.ToString() };
        }
        catch (CryptographicException)
        {
            // Another key ring encrypted it: who has that one signs with it, and here it is only checked with.
            return null;
        }
    });
}
