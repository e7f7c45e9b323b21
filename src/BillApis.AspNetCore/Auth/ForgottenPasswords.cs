using BillApis.Auditing;
using BillApis.Identity;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BillApis.AspNetCore;

/// <summary>Begins a reset for who asks for one, and has it sent. Whoever asks learns nothing from the answer, nor from how long it takes.</summary>
internal sealed partial class ForgottenPasswords(
    IStore<User> users, Logins logins, LoginThrottle throttle, RestOptions options, IHostApplicationLifetime lifetime, ILogger<ForgottenPasswords> logger)
{
    /// <exception cref="HttpRefusal">Too many were asked for.</exception>
    public void Begin(Realm realm, string email, string? address)
    {
        if (email.Length > Limits.EmailLength)
        {
            return; // Nobody has it, which the answer does not tell of any other either.
        }

        (email, var name) = (User.Canonical(email), $"reset of {Login.NameOf(realm, User.Canonical(email))}");
        throttle.Check(name, address, RealTime.Now);
        throttle.Failed(name, address, RealTime.Now);
        _ = Task.Run(() => SendAsync(realm, email));
    }

    private async Task SendAsync(Realm realm, string email)
    {
        try
        {
            if (options.SendPasswordReset is { } send && await logins.FindAsync(realm, email, lifetime.ApplicationStopping).ConfigureAwait(false) is { DisabledAt: null } user)
            {
                AuditSource.Current = AuditSource.Current is { } source ? source with { Actor = user.Id.ToString() } : null;
                var (begun, reset) = PasswordReset.Begin(user, RealTime.Now);
                if (await users.SaveAsync(user.Tenant, [begun], [], lifetime.ApplicationStopping).ConfigureAwait(false) is SaveResult.Saved)
                {
                    await send(new PasswordResetMessage(user.Email, user.Name, reset.ToString(), begun.ResetExpiresAt!.Value, realm is Realm.Portal), lifetime.ApplicationStopping).ConfigureAwait(false);
                }
            }
        }
#pragma warning disable CA1031 // Nobody waits for this task: a failure is told to the log.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A password reset could not be sent; the user may ask again.")]
    private partial void LogFailed(Exception exception);
}
