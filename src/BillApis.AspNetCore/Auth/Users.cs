using System.Collections.Immutable;
using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>The people who sign in. Nobody gives, takes or gets at more than they may do themselves, and a tenant keeps an owner.</summary>
internal sealed class Users(IStore<User> store, Logins logins, Access access, Passwords passwords)
{
    private const string Kind = "user";
    private const int MaxAttempts = 8;

    /// <summary>Adds a user with a password, or an invited one who sets the password with the reset.</summary>
    public async Task<(User User, PasswordReset? Reset)> CreateAsync(Caller caller, UserRequest sent, CancellationToken cancellationToken)
    {
        if (sent.Password is { } password)
        {
            Passwords.Check("password", password);
        }

        var user = new User
        {
            Tenant = caller.Tenant,
            Email = User.Canonical(sent.Email),
            Name = sent.Name,
            Roles = sent.Roles ?? [],
            PasswordHash = passwords.Hash(sent.Password ?? Passwords.Generate()),
            CreatedAt = RealTime.Now,
        };
        user.Validate();
        caller.MustCover(await access.PermissionsOfAsync(caller.Tenant, user.Roles, cancellationToken).ConfigureAwait(false), "The new user");
        return await logins.AddAsync(user, isInvited: sent.Password is null, cancellationToken).ConfigureAwait(false);
    }

    public async Task<User> GetAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => Own(await store.GetAsync(tenant, Kind, reference, cancellationToken).ConfigureAwait(false), reference);

    public Task<Page<User>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken) => store.ListAsync(tenant, query.With("realm", "admin"), cancellationToken);

    /// <summary>Changes a user; what the user may do then counts from the next request on.</summary>
    public async Task<User> ChangeAsync(Caller caller, string reference, Func<User, User> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var before = await GetAsync(caller.Tenant, reference, cancellationToken).ConfigureAwait(false);
            var after = change(before);
            after.Validate();
            await CheckReachAsync(caller, before, after.Roles, cancellationToken).ConfigureAwait(false);

            // The owner who stays is written too: of two who are demoted at once, each the other's last, one save loses and looks again.
            var kept = before.IsOwner && !after.IsOwner
                ? await OtherOwnerAsync(before, cancellationToken).ConfigureAwait(false) ?? throw new BillingException(BillingErrorCode.Conflict, $"The user '{before.Email}' is the only owner; make another one first.")
                : null;
            if (await store.SaveAsync(caller.Tenant, kept is null ? [after] : [after, kept], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                access.Forget();
                return after.WithVersion(before.Version + 1);
            }
        }

        throw BillingException.Changed(Kind, reference);
    }

    /// <summary>Lets a user set a new password with what is given back.</summary>
    public async Task<(User User, PasswordReset Reset)> BeginResetAsync(Caller caller, string reference, CancellationToken cancellationToken)
    {
        PasswordReset? begun = null;
        var user = await ChangeAsync(
            caller,
            reference,
            before =>
            {
                (var after, begun) = PasswordReset.Begin(before, RealTime.Now);
                return before.DisabledAt is null ? after : throw new BillingException(BillingErrorCode.Conflict, $"The user '{before.Email}' is disabled.");
            },
            cancellationToken).ConfigureAwait(false);
        return (user, begun!);
    }

    // People of customers are none of the tenant's own.
    private static User Own(User user, string reference) => user.Realm is Realm.Admin ? user : throw BillingException.NotFound(Kind, reference);

    private async Task CheckReachAsync(Caller caller, User before, ImmutableArray<string> next, CancellationToken cancellationToken)
    {
        caller.MustCover(await access.PermissionsNowAsync(before.Tenant, before.Roles, cancellationToken).ConfigureAwait(false), $"The user '{before.Email}'");
        caller.MustCover(await access.PermissionsOfAsync(before.Tenant, next, cancellationToken).ConfigureAwait(false), $"The user '{before.Email}'");
    }

    private Task<User?> OtherOwnerAsync(User user, CancellationToken cancellationToken) =>
        store.FirstAsync(user.Tenant, new StoreQuery { Limit = Limits.PageSize }.With("realm", "admin"), other => other.IsOwner && other.Id != user.Id, cancellationToken);
}
