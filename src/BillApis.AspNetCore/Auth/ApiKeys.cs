using System.Net;
using BillApis.Identity;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>The credentials of programs. Nobody makes or gets at one that may do more than they may themselves.</summary>
internal sealed class ApiKeys(IStore<ApiKey> store)
{
    private const string Kind = "API key";
    private static readonly Duration UseStep = Duration.FromMinutes(1);
    private readonly Recent<(TenantId, ApiKeyId), ApiKey?> _recent = new();

    public async Task<(ApiKey Key, ApiKeyText Text)> CreateAsync(Caller caller, ApiKeyRequest sent, CustomerId? customer, Realm realm, CancellationToken cancellationToken)
    {
        var (id, mode, now) = (EntityId.New<ApiKeyId>(), sent.Mode ?? ApiKeyMode.Live, RealTime.Now);
        var text = ApiKeyText.New(mode, id, caller.Tenant);
        var key = new ApiKey
        {
            Id = id,
            Tenant = caller.Tenant,
            Name = sent.Name,
            Realm = realm,
            Mode = mode,
            Scopes = sent.Scopes,
            Prefix = text.Prefix,
            SecretHash = RandomSecret.HashOf(text.Text),
            Customer = customer,
            AllowedNetworks = sent.AllowedNetworks ?? [],
            ClientCertificate = sent.ClientCertificate,
            ExpiresAt = sent.ExpiresAt,
            CreatedBy = caller.Id,
            CreatedAt = now,
        };
        caller.MustCover(key.ToSet(), $"The API key '{key.Name}'");
        key.Validate();
        CheckExpiry(key.ExpiresAt, now);
        await store.SaveAsync(caller.Tenant, [key], [], cancellationToken).ConfigureAwait(false);
        _recent.Forget();
        return (key, text);
    }

    public Task<ApiKey> GetAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => store.GetAsync(tenant, Kind, reference, cancellationToken);

    public Task<Page<ApiKey>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken) => store.ListAsync(tenant, query, cancellationToken);

    public async Task<ApiKey> ChangeAsync(Caller caller, string reference, Func<ApiKey, Task<ApiKey>> change, CancellationToken cancellationToken)
    {
        var changed = await store.ChangeAsync<ApiKey>(
            caller.Tenant,
            Kind,
            reference,
            async before =>
            {
                var after = await change(before).ConfigureAwait(false);
                after.Validate();
                if (before.Realm is Realm.Portal)
                {
                    after.MustNotWiden(before);
                }

                if (after.ExpiresAt != before.ExpiresAt)
                {
                    CheckExpiry(after.ExpiresAt, RealTime.Now);
                }

                caller.MustCover(before.ToSet(), $"The API key '{before.Name}'");
                caller.MustCover(after.ToSet(), $"The API key '{after.Name}'");
                return (after, []);
            },
            cancellationToken).ConfigureAwait(false);
        _recent.Forget();
        return changed;
    }

    /// <summary>Gives a key another secret, shown once; the one before stays good for the overlap.</summary>
    public async Task<(ApiKey Key, ApiKeyText Text)> RotateAsync(Caller caller, string reference, Duration overlap, CancellationToken cancellationToken)
    {
        ApiKeyText? text = null;
        var rotated = await ChangeAsync(
            caller,
            reference,
            key =>
            {
                text = key.RevokedAt is null ? ApiKeyText.New(key.Mode, key.Id, key.Tenant) : throw new BillingException(BillingErrorCode.Conflict, $"The API key '{key.Name}' was revoked.");
                return Task.FromResult(key.Rotated(text, RealTime.Now, overlap));
            },
            cancellationToken).ConfigureAwait(false);
        return (rotated, text!);
    }

    /// <summary>Ends a key at once. Who may do less than the key may end it too.</summary>
    public async Task<ApiKey> RevokeAsync(TenantId tenant, string reference, CancellationToken cancellationToken)
    {
        var revoked = await store.ChangeAsync<ApiKey>(
            tenant, Kind, reference, key => Task.FromResult<(ApiKey, IReadOnlyList<BillingEvent>)>((key with { RevokedAt = key.RevokedAt ?? RealTime.Now }, [])), cancellationToken).ConfigureAwait(false);
        _recent.Forget();
        return revoked;
    }

    /// <summary>The key that a text is, or null where it is none that may be used now.</summary>
    public async ValueTask<ApiKey?> FindAsync(string text, CancellationToken cancellationToken)
    {
        if (ApiKeyText.Parse(text) is not { } parsed)
        {
            return null;
        }

        var key = await _recent.GetAsync((parsed.Tenant, parsed.Key), () => store.FindAsync(parsed.Tenant, parsed.Key.ToString(), cancellationToken)).ConfigureAwait(false);
        return key?.Opens(text, RealTime.Now) == true ? key : null;
    }

    /// <summary>Keeps when and from where a key was used, to the minute.</summary>
    public async ValueTask UsedAsync(ApiKey key, IPAddress? address, CancellationToken cancellationToken)
    {
        var now = RealTime.Now;
        if (key.LastUsedAt is { } last && now - last < UseStep)
        {
            return;
        }

        // Where two uses meet, one is enough.
        await store.SaveAsync(key.Tenant, [key with { LastUsedAt = now, LastUsedFrom = address?.ToString() }], [], cancellationToken).ConfigureAwait(false);
        _recent.Forget();
    }

    private static void CheckExpiry(Instant? expiresAt, Instant now)
    {
        if (expiresAt <= now)
        {
            throw BillingException.Field("expires_at", "must lie ahead");
        }
    }
}
