using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>The tenant's own roles. Nobody makes or changes one that may do more than they may themselves.</summary>
internal sealed class Roles(IStore<Role> store, IStore<User> users, Access access)
{
    private const string Kind = "role";

    public async Task<Role> CreateAsync(Caller caller, RoleRequest sent, CancellationToken cancellationToken)
    {
        var role = new Role { Tenant = caller.Tenant, Code = sent.Code, Name = sent.Name, Permissions = sent.Permissions, CreatedAt = RealTime.Now };
        role.Validate();
        caller.MustCover(role.ToSet(), $"The role '{role.Code}'");
        return await store.SaveAsync(caller.Tenant, [role], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved
            ? role
            : throw new BillingException(BillingErrorCode.Conflict, $"There is a role with code '{role.Code}' already.");
    }

    public Task<Role> GetAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => store.GetAsync(tenant, Kind, reference, cancellationToken);

    public Task<Page<Role>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken) => store.ListAsync(tenant, query, cancellationToken);

    public async Task<Role> ChangeAsync(Caller caller, string reference, Func<Role, Role> change, CancellationToken cancellationToken)
    {
        var changed = await store.ChangeAsync<Role>(
            caller.Tenant,
            Kind,
            reference,
            before =>
            {
                var after = change(before);
                after.Validate();
                caller.MustCover(before.ToSet(), $"The role '{before.Code}'");
                caller.MustCover(after.ToSet(), $"The role '{after.Code}'");
                return Task.FromResult<(Role, IReadOnlyList<BillingEvent>)>((after, []));
            },
            cancellationToken).ConfigureAwait(false);
        access.Forget();
        return changed;
    }

    /// <summary>Takes a role away; refused while a user has it.</summary>
    public async Task<Role> ArchiveAsync(Caller caller, string reference, CancellationToken cancellationToken)
    {
        var role = await GetAsync(caller.Tenant, reference, cancellationToken).ConfigureAwait(false);
        if (await users.FirstAsync(caller.Tenant, new StoreQuery { Limit = Limits.PageSize }, user => user.Roles.Contains(role.Code), cancellationToken).ConfigureAwait(false) is { } user)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The role '{role.Code}' is in use by the user '{user.Email}' and cannot be taken away.");
        }

        return await ChangeAsync(caller, role.Id.ToString(), before => before with { ArchivedAt = before.ArchivedAt ?? RealTime.Now }, cancellationToken).ConfigureAwait(false);
    }
}
