using System.Collections.Immutable;
using System.Security.Cryptography;
using BillApis.Identity;
using Microsoft.AspNetCore.DataProtection;

namespace BillApis.AspNetCore;

/// <summary>Sets second factors up, asks for them and takes them away; each for a user who wants one.</summary>
internal sealed class SecondFactors(IStore<User> users, IDataProtectionProvider protection, LoginThrottle throttle)
{
    // 117 bits: a plain hash of one may be known.
    private const int CodeLength = 24;
    private readonly IDataProtector _protector = protection.CreateProtector("BillApis.SecondFactor");

    /// <summary>Begins one: a new secret for an app, which counts once <see cref="ConfirmAsync"/> is called with a code of it.</summary>
    /// <exception cref="BillingException">The user has one already.</exception>
    public async Task<byte[]> BeginAsync(User user, CancellationToken cancellationToken)
    {
        if (user.SecondFactor?.ConfirmedAt is not null)
        {
            throw new BillingException(BillingErrorCode.Conflict, "There is a second factor already; take it away first.");
        }

        var secret = Totp.NewSecret();
        await SaveAsync(user, new SecondFactor { AppSecret = _protector.Protect(Convert.ToBase64String(secret)) }, cancellationToken).ConfigureAwait(false);
        return secret;
    }

    /// <summary>Lets the factor count from now on, and answers the recovery codes, which are shown this once.</summary>
    /// <exception cref="BillingException">None was begun, or the code is wrong.</exception>
    public async Task<ImmutableArray<string>> ConfirmAsync(User user, string code, CancellationToken cancellationToken)
    {
        if (user.SecondFactor is not { ConfirmedAt: null } begun)
        {
            throw new BillingException(BillingErrorCode.Conflict, "No second factor was begun.");
        }

        var used = begun.Use(SecretOf(begun), code, RealTime.Now) ?? throw Wrong();
        ImmutableArray<string> codes = [.. Enumerable.Range(0, SecondFactor.RecoveryCodes).Select(_ => RandomNumberGenerator.GetString("abcdefghjkmnpqrstvwxyz23456789", CodeLength))];
        await SaveAsync(user, used with { ConfirmedAt = RealTime.Now, RecoveryHashes = [.. codes.Select(RandomSecret.HashOf)] }, cancellationToken).ConfigureAwait(false);
        return codes;
    }

    /// <summary>Takes the factor away.</summary>
    /// <exception cref="BillingException">The code is wrong.</exception>
    public async Task EndAsync(User user, string code, CancellationToken cancellationToken)
    {
        if (user.SecondFactor is { } factor)
        {
            if (!await throttle.IsRightAsync($"code of {user.Id}", () => factor.ConfirmedAt is null || factor.Use(SecretOf(factor), code, RealTime.Now) is not null, cancellationToken).ConfigureAwait(false))
            {
                throw Wrong();
            }

            await SaveAsync(user, null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Uses a code up for a sign-in; true where the user needs none.</summary>
    public async Task<bool> PassAsync(User user, string? code, CancellationToken cancellationToken)
    {
        if (user.SecondFactor is not { ConfirmedAt: not null } factor)
        {
            return true;
        }

        // Where two sign-ins use one code, the store lets one of them be first.
        return code is not null && factor.Use(SecretOf(factor), code, RealTime.Now) is { } used
            && await users.SaveAsync(user.Tenant, [user with { SecondFactor = used }], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
    }

    private byte[] SecretOf(SecondFactor factor) => Convert.FromBase64String(_protector.Unprotect(factor.AppSecret));

    private async Task SaveAsync(User user, SecondFactor? factor, CancellationToken cancellationToken)
    {
        if (await users.SaveAsync(user.Tenant, [user with { SecondFactor = factor }], [], cancellationToken).ConfigureAwait(false) is SaveResult.Conflict)
        {
            throw BillingException.Changed("user", user.Email);
        }
    }

    private static BillingException Wrong() => BillingException.Field("totp_code", "is wrong, or was used before");
}
