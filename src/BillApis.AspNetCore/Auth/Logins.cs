using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>Finds the user of an e-mail address among all tenants: whoever signs in says no tenant.</summary>
internal sealed class Logins(IStore<Login> logins, IStore<User> users)
{
    private static readonly TenantId Directory = TenantId.Default;

    public async Task<User?> FindAsync(string email, CancellationToken cancellationToken)
    {
        var login = await logins.FindAsync(Directory, email, cancellationToken).ConfigureAwait(false);
        return await users.FindAsync(login?.Home ?? Directory, login?.User.ToString() ?? email, cancellationToken).ConfigureAwait(false) is { } user && user.Email == email ? user : null;
    }

    /// <summary>Takes the address for a user who is about to be stored; false where another user has it.</summary>
    public async Task<bool> TakeAsync(User user, CancellationToken cancellationToken)
    {
        if (await FindAsync(user.Email, cancellationToken).ConfigureAwait(false) is not null)
        {
            return false;
        }

        // Left by one who was never stored.
        var known = await logins.FindAsync(Directory, user.Email, cancellationToken).ConfigureAwait(false);
        var login = (known ?? new Login { Email = user.Email, Home = user.Tenant, User = user.Id, CreatedAt = user.CreatedAt }) with { Home = user.Tenant, User = user.Id };
        return await logins.SaveAsync(Directory, [login], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
    }
}
