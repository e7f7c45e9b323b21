using BillApis.Identity;
using Microsoft.Extensions.Hosting;

namespace BillApis.AspNetCore;

/// <summary>Makes the first administrator at the start, where nobody can sign in yet.</summary>
internal sealed class FirstAdministrator(IStore<User> users, Tenants tenants, Logins logins, Passwords passwords, RestOptions options) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var tenant = TenantId.Default;
        await tenants.AddOperatorAsync(cancellationToken).ConfigureAwait(false);
        var anybody = await users.ListAsync(tenant, new StoreQuery { Limit = 1 }, cancellationToken).ConfigureAwait(false);
        if (anybody.Items.Count > 0 || (options.AdministratorPassword is null && options.ShowGeneratedPassword is null))
        {
            return;
        }

        var password = options.AdministratorPassword ?? Passwords.Generate();
        var user = new User
        {
            Tenant = tenant,
            Email = User.Canonical(options.AdministratorEmail),
            Name = "Administrator",
            PasswordHash = passwords.Hash(password),
            Roles = [BuiltInRoles.Owner],
            CreatedAt = RealTime.Now,
        };

        // Of several nodes that start at once, one makes the user and shows its password.
        if (await logins.TakeAsync(user, cancellationToken).ConfigureAwait(false) && await users.SaveAsync(tenant, [user], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved && options.AdministratorPassword is null)
        {
            options.ShowGeneratedPassword?.Invoke(user.Email, password);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
