using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>Finds the user of an e-mail address among all tenants: whoever signs in says no tenant.</summary>
internal sealed class Logins(IStore<Login> logins, IStore<User> users)
{
    private static readonly TenantId Directory = TenantId.Default;

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

    /// <summary>Takes the address for a user who is about to be stored; false where another user has it.</summary>
    public async Task<bool> TakeAsync(User user, CancellationToken cancellationToken)
    {
        if (await FindAsync(user.Realm, user.Email, cancellationToken).ConfigureAwait(false) is not null)
        {
            return false;
        }

        // Left by one who was never stored.
        var known = await logins.FindAsync(Directory, Login.NameOf(user.Realm, user.Email), cancellationToken).ConfigureAwait(false);
        var login = (known ?? new Login { Email = user.Email, Realm = user.Realm, Home = user.Tenant, User = user.Id, CreatedAt = user.CreatedAt }) with { Home = user.Tenant, User = user.Id };
        return await logins.SaveAsync(Directory, [login], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
    }
}
