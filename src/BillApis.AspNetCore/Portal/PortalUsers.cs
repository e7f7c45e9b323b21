using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>The people of customers, who sign in to the portal and see their own company's things alone.</summary>
internal sealed class PortalUsers(IStore<User> store, Logins logins, Access access, Passwords passwords)
{
    private const string Kind = "portal user";

    /// <summary>Adds a user with a password, or an invited one who sets the password with the reset.</summary>
    public Task<(User User, PasswordReset? Reset)> CreateAsync(Customer customer, PortalUserRequest sent, CancellationToken cancellationToken) =>
        logins.AddAsync(New(customer, sent), isInvited: sent.Password is null, cancellationToken);

    /// <summary>A user as <see cref="CreateAsync"/> stores it.</summary>
    /// <exception cref="BillingException">A field breaks a rule.</exception>
    public User New(Customer customer, PortalUserRequest sent)
    {
        if (sent.Password is { } password)
        {
            Passwords.Check("password", password);
        }

        var user = new User
        {
            Tenant = customer.Tenant,
            Customer = customer.Id,
            Email = User.Canonical(sent.Email),
            Name = sent.Name,
            PasswordHash = passwords.Hash(sent.Password ?? Passwords.Generate()),
            CreatedAt = RealTime.Now,
        };
        user.Validate();
        return user;
    }

    public Task<Page<User>> ListAsync(Customer customer, StoreQuery query, CancellationToken cancellationToken) =>
        store.ListAsync(customer.Tenant, query.With("customer_id", customer.Id.ToString()), cancellationToken);

    public async Task<User> GetAsync(TenantId tenant, CustomerId customer, string id, CancellationToken cancellationToken) =>
        await store.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) is { } user && user.Customer == customer ? user : throw BillingException.NotFound(Kind, id);

    public async Task<User> ChangeAsync(TenantId tenant, CustomerId customer, string id, Func<User, User> change, CancellationToken cancellationToken)
    {
        var changed = await store.ChangeAsync<User>(
            tenant,
            Kind,
            id,
            before =>
            {
                var after = before.Customer == customer ? change(before) : throw BillingException.NotFound(Kind, id);
                after.Validate();
                return Task.FromResult<(User, IReadOnlyList<BillingEvent>)>((after, []));
            },
            cancellationToken).ConfigureAwait(false);
        access.Forget();
        return changed;
    }
}
