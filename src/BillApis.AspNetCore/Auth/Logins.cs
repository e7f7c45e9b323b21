using BillApis.Identity;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Finds the user of an e-mail address among all tenants: whoever signs in says no tenant.</summary>
internal sealed class Logins(IStore<Login> logins, IStore<User> users)
{
    private static readonly TenantId Directory = TenantId.Default;

    // How long a new portal user may take to be stored; an administrator's are stored at once.
    private static readonly Duration Hold = Duration.FromMinutes(1);

    public async Task<User?> FindAsync(Realm realm, string email, CancellationToken cancellationToken)
    {
        var name = Login.NameOf(realm, email);
        var login = await logins.FindAsync(Directory, name, cancellationToken).ConfigureAwait(false);
        return await users.FindAsync(login?.Home ?? Directory, login?.User.ToString() ?? name, cancellationToken).ConfigureAwait(false) is { } user && user.Email == email && user.Realm == realm ? user : null;
    }

    /// <summary>Stores a new user, where an invited one gets what to set a password with.</summary>
    /// <exception cref="BillingException">Another user has the address.</exception>
    public async Task<(User User, PasswordReset? Reset)> AddAsync(User user, bool isInvited, CancellationToken cancellationToken)
    {
        var (added, reset) = isInvited ? PasswordReset.Begin(user, RealTime.Now) : (user, null);
        return await TakeAsync(added, cancellationToken).ConfigureAwait(false) && await users.SaveAsync(user.Tenant, [added], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved
            ? (added, reset)
            : throw Taken(user);
    }

    public static BillingException Taken(User user) => new(BillingErrorCode.Conflict, $"There is a user with the email '{user.Email}' already.");

    /// <summary>Makes what a new user begins with while nobody else can take the address, and then stores the user; where that fails the address is free again.</summary>
    /// <exception cref="BillingException">Another user has the address, or is about to.</exception>
    public async Task<T> AddWithAsync<T>(User user, Func<Task<T>> make, CancellationToken cancellationToken)
    {
        var held = await HoldAsync(user, cancellationToken).ConfigureAwait(false) ?? throw Taken(user);
        var isAdded = false;
        try
        {
            var made = await make().ConfigureAwait(false);
            isAdded = await users.SaveAsync(user.Tenant, [user], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
            return isAdded ? made : throw Taken(user);
        }
        finally
        {
            if (!isAdded)
            {
                await logins.SaveAsync(Directory, [held with { CreatedAt = held.CreatedAt - Hold }], [], CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes the address for a user who is about to be stored; false where another user has it.</summary>
    public async Task<bool> TakeAsync(User user, CancellationToken cancellationToken) => await HoldAsync(user, cancellationToken).ConfigureAwait(false) is not null;

    private async Task<Login?> HoldAsync(User user, CancellationToken cancellationToken)
    {
        var known = await logins.FindAsync(Directory, Login.NameOf(user.Realm, user.Email), cancellationToken).ConfigureAwait(false);
        if (await FindAsync(user.Realm, user.Email, cancellationToken).ConfigureAwait(false) is not null || (user.Realm is Realm.Portal && RealTime.Now < known?.CreatedAt + Hold))
        {
            return null;
        }

        // One that is known was left by somebody who was never stored.
        var login = (known ?? new Login { Email = user.Email, Realm = user.Realm, Home = user.Tenant, User = user.Id, CreatedAt = user.CreatedAt }) with { Home = user.Tenant, User = user.Id, CreatedAt = user.CreatedAt };
        return await logins.SaveAsync(Directory, [login], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved ? login.WithVersion(login.Version + 1) : null;
    }
}
