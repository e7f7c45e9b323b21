using BillApis.Auditing;
using BillApis.Identity;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Signing in, staying signed in, signing out.</summary>
internal sealed class SignIn(IStore<User> users, IStore<Session> sessions, IAuditStore audit, Logins logins, LoginThrottle throttle, Tenants tenants, AccessTokens tokens, Passwords passwords, SecondFactors factors, Access access)
{
    private const string Nobody = "unknown user";
    private static readonly Duration SessionLength = Duration.FromDays(30);

    public Task<SignedIn> LoginAsync(Realm realm, string email, string password, string? code, string? address, CancellationToken cancellationToken)
    {
        if (email.Length > Limits.EmailLength)
        {
            throw Wrong();
        }

        var (canonical, name) = (User.Canonical(email), Login.NameOf(realm, User.Canonical(email)));
        return throttle.InTurnAsync(name, () => LoginAsync(realm, canonical, name, password, code, address, cancellationToken), cancellationToken);
    }

    private async Task<SignedIn> LoginAsync(Realm realm, string email, string name, string password, string? code, string? address, CancellationToken cancellationToken)
    {
        throttle.Check(name, address, RealTime.Now);
        var user = await logins.FindAsync(realm, email, cancellationToken).ConfigureAwait(false);
        if (!passwords.Matches(user, password))
        {
            throttle.Failed(name, address, RealTime.Now);
            await TellAsync(user, "login.failed", cancellationToken).ConfigureAwait(false);
            throw Wrong();
        }

        if (!await factors.PassAsync(user!, code, cancellationToken).ConfigureAwait(false))
        {
            throttle.Failed(name, address, RealTime.Now);
            await TellAsync(user, "login.failed", cancellationToken).ConfigureAwait(false);
            throw new BillingException(BillingErrorCode.Unauthenticated, "A code of the second factor is needed.") { Details = [new FieldError("totp_code", code is null ? "is required" : "is wrong, or was used before")] };
        }

        throttle.Succeeded(name, address);
        await tenants.MustBeOpenAsync(user!.Tenant, cancellationToken).ConfigureAwait(false);
        var id = EntityId.New<SessionId>();
        var token = RefreshToken.New(user.Tenant, id);
        var now = RealTime.Now;
        var session = new Session { Id = id, Tenant = user.Tenant, User = user.Id, SecretHash = token.SecretHash, CreatedAt = now, ExpiresAt = now + SessionLength };
        await sessions.SaveAsync(user.Tenant, [session], [], cancellationToken).ConfigureAwait(false);
        await TellAsync(user, "login.succeeded", cancellationToken).ConfigureAwait(false);
        return new SignedIn(await tokens.CreateAsync(user, id, cancellationToken).ConfigureAwait(false), token, user);
    }

    /// <summary>Takes a refresh token for new tokens. One that was used before ends its session, and with it every token of the family.</summary>
    public async Task<SignedIn> RefreshAsync(Realm realm, string refreshToken, CancellationToken cancellationToken)
    {
        if (RefreshToken.Parse(refreshToken) is not { } token || await sessions.FindAsync(token.Tenant, token.Session.ToString(), cancellationToken).ConfigureAwait(false) is not { } session
            || await users.FindAsync(token.Tenant, session.User.ToString(), cancellationToken).ConfigureAwait(false) is not { } user || user.Realm != realm)
        {
            throw Refused();
        }

        await tenants.MustBeOpenAsync(token.Tenant, cancellationToken).ConfigureAwait(false);
        var next = RefreshToken.New(token.Tenant, session.Id);
        var rotated = session.Rotate(token.Is(session.SecretHash), next.SecretHash, RealTime.Now);
        var saved = await sessions.SaveAsync(token.Tenant, [rotated], [], cancellationToken).ConfigureAwait(false);
        if (saved is SaveResult.Conflict)
        {
            await EndAsync(token.Tenant, session.Id, cancellationToken).ConfigureAwait(false);
        }
        else if (rotated.EndedAt is not null)
        {
            access.Forget();
        }

        return rotated.SecretHash == next.SecretHash && saved is SaveResult.Saved && user.DisabledAt is null
            ? new SignedIn(await tokens.CreateAsync(user, session.Id, cancellationToken).ConfigureAwait(false), next, user)
            : throw Refused();
    }

    /// <summary>Ends a session, and with it its access tokens; ending one that has ended changes nothing.</summary>
    public async Task EndAsync(TenantId tenant, SessionId id, CancellationToken cancellationToken)
    {
        while (await sessions.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { EndedAt: null } session
            && await sessions.SaveAsync(tenant, [session.End(RealTime.Now)], [], cancellationToken).ConfigureAwait(false) is SaveResult.Conflict)
        {
            // Someone refreshed it meanwhile.
        }

        access.Forget();
    }

    /// <summary>Changes the password and ends every other session of the user.</summary>
    public async Task ChangePasswordAsync(Caller caller, string current, string next, CancellationToken cancellationToken)
    {
        var user = await GetAsync(caller, cancellationToken).ConfigureAwait(false);
        if (!await throttle.IsRightAsync($"password of {user.Id}", () => passwords.Matches(user, current), cancellationToken).ConfigureAwait(false))
        {
            throw BillingException.Field("current_password", "is wrong");
        }

        Passwords.Check("new_password", next);
        if (await users.SaveAsync(user.Tenant, [user.WithPassword(passwords.Hash(next))], [], cancellationToken).ConfigureAwait(false) is SaveResult.Conflict)
        {
            throw BillingException.Changed("user", user.Email);
        }

        await EndAllAsync(user, caller.Session, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets a new password with what a reset was begun with, and ends every session of the user.</summary>
    public async Task ResetPasswordAsync(Realm realm, string token, string next, CancellationToken cancellationToken)
    {
        var user = PasswordReset.Parse(token) is { } reset && await users.FindAsync(reset.Tenant, reset.User.ToString(), cancellationToken).ConfigureAwait(false) is { } found && found.Realm == realm && reset.Opens(found, RealTime.Now)
            ? found
            : throw BillingException.Field("token", "is wrong, was used, or has expired");
        Passwords.Check("new_password", next);
        if (await users.SaveAsync(user.Tenant, [user.WithPassword(passwords.Hash(next))], [], cancellationToken).ConfigureAwait(false) is SaveResult.Conflict)
        {
            throw BillingException.Changed("user", user.Email);
        }

        await EndAllAsync(user, null, cancellationToken).ConfigureAwait(false);
    }

    // An address that nobody has is told to the operator, without the address, which may be a password in the wrong field: what is written must not tell by its time who exists.
    private Task TellAsync(User? user, string what, CancellationToken cancellationToken) => AuditSource.Current is { } source
        ? audit.AppendAsync(user?.Tenant ?? TenantId.Default, source with { Actor = user?.Id.ToString() ?? AuditSource.Anonymous }, new AuditChange(what, user?.Id.ToString() ?? Nobody, null, null), cancellationToken)
        : Task.CompletedTask;

    private async Task EndAllAsync(User user, SessionId? but, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("user_id", user.Id.ToString()).With("is_open", "true");
        while (await sessions.FirstAsync(user.Tenant, query, session => session.Id != but, cancellationToken).ConfigureAwait(false) is { } open)
        {
            await EndAsync(user.Tenant, open.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The caller's own account.</summary>
    public async Task<User> GetAsync(Caller caller, CancellationToken cancellationToken) =>
        await users.FindAsync(caller.Tenant, caller.Id, cancellationToken).ConfigureAwait(false) is { DisabledAt: null } user ? user : throw Refused();

    private static BillingException Wrong() => new(BillingErrorCode.Unauthenticated, "The e-mail address or the password is wrong.");

    private static BillingException Refused() => new(BillingErrorCode.Unauthenticated, "The token is not valid any more; sign in again.");
}

/// <summary>What a sign-in gives.</summary>
internal sealed record SignedIn(string AccessToken, RefreshToken RefreshToken, User User);
