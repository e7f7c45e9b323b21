using BillApis.Identity;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Finds out who calls: by an access token or by an API key.</summary>
internal sealed class Credentials(AccessTokens tokens, ApiKeys keys, Access access, Tenants tenants)
{
    public const string KeyHeader = "X-API-Key";
    private const string Bearer = "Bearer ";

    /// <summary>Null where the request has no credential.</summary>
    /// <exception cref="BillingException">The credential is not good, or not here.</exception>
    public async Task<Caller?> ReadAsync(HttpContext context)
    {
        var (authorization, key) = (context.Request.Headers.Authorization.ToString(), context.Request.Headers[KeyHeader].ToString());
        var caller = authorization.Length > 0 && key.Length > 0 ? throw Refused("Send one credential: an access token or an API key, not both.")
            : key.Length > 0 ? await OfKeyAsync(context, key).ConfigureAwait(false)
            : authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? await OfTokenAsync(InRealm.Of(context.GetEndpoint()), authorization[Bearer.Length..].Trim(), context.RequestAborted).ConfigureAwait(false)
            : null;
        if (caller is not null)
        {
            await tenants.MustBeOpenAsync(caller.Tenant, context.RequestAborted).ConfigureAwait(false);
        }

        return caller;
    }

    private async Task<Caller> OfTokenAsync(Realm realm, string token, CancellationToken cancellationToken)
    {
        var claims = await tokens.ReadAsync(realm, token, cancellationToken).ConfigureAwait(false) ?? throw Refused("The access token is not valid or has expired.");
        return await access.CallerAsync(claims, cancellationToken).ConfigureAwait(false) ?? throw Refused("The session has ended, or the user may not sign in any more.");
    }

    private async Task<Caller> OfKeyAsync(HttpContext context, string text)
    {
        var key = await keys.FindAsync(text, context.RequestAborted).ConfigureAwait(false) ?? throw Refused("The API key is not valid, was revoked or has expired.");
        if (key.Realm != InRealm.Of(context.GetEndpoint()))
        {
            throw Refused(key.Realm is Realm.Portal ? "The API key is a customer's own and good below /portal alone." : "The portal takes API keys that a customer's own people made, and this is none.");
        }

        var address = context.Connection.RemoteIpAddress;
        if (!key.Admits(address))
        {
            throw new BillingException(BillingErrorCode.Forbidden, "The API key may not be used from this address.");
        }

        if (!key.Admits(context.Connection.ClientCertificate))
        {
            throw new BillingException(BillingErrorCode.Forbidden, "The API key may be used with its client certificate alone.");
        }

        await keys.UsedAsync(key, address, context.RequestAborted).ConfigureAwait(false);
        return new Caller(key.Tenant, key.Id.ToString(), key.ToSet()) { Customer = key.Customer };
    }

    private static BillingException Refused(string why) => new(BillingErrorCode.Unauthenticated, why);
}
