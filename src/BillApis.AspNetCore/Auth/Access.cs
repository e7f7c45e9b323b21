using System.Collections.Immutable;
using System.Security.Claims;
using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>What the caller of a request may do. A change counts at once in this process, and in others after a second at most.</summary>
internal sealed class Access(IStore<User> users, IStore<Role> roles)
{
    private readonly Recent<(TenantId, string), PermissionSet?> _recent = new();

    /// <summary>The caller that an access token stands for, or null where that user may not sign in any more.</summary>
    public async ValueTask<Caller?> CallerAsync(ClaimsIdentity token, CancellationToken cancellationToken)
    {
        var (tenant, user) = (EntityId.Parse<TenantId>(Claim(token, "tid")), Claim(token, "sub"));
        return await _recent.GetAsync((tenant, user), () => PermissionsOfUserAsync(tenant, user, cancellationToken)).ConfigureAwait(false) is { } permissions
            ? new Caller(tenant, user, permissions) { Session = EntityId.Parse<SessionId>(Claim(token, "sid")) }
            : null;
    }

    /// <summary>What those with all of these roles may do.</summary>
    /// <exception cref="BillingException">There is no such role.</exception>
    public async Task<PermissionSet> PermissionsOfAsync(TenantId tenant, ImmutableArray<string> codes, CancellationToken cancellationToken)
    {
        foreach (var code in codes)
        {
            _ = await FindAsync(tenant, code, cancellationToken).ConfigureAwait(false) ?? throw BillingException.Field("roles", $"must name roles that exist; there is no role '{code}'");
        }

        return await PermissionsNowAsync(tenant, codes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same; a role that is gone gives nothing.</summary>
    public async Task<PermissionSet> PermissionsNowAsync(TenantId tenant, ImmutableArray<string> codes, CancellationToken cancellationToken)
    {
        var sets = new List<PermissionSet>();
        foreach (var code in codes)
        {
            sets.Add(await FindAsync(tenant, code, cancellationToken).ConfigureAwait(false) ?? PermissionSet.None);
        }

        return PermissionSet.Union(sets);
    }

    /// <summary>Lets changes to users and roles count.</summary>
    public void Forget() => _recent.Forget();

    private async Task<PermissionSet?> PermissionsOfUserAsync(TenantId tenant, string id, CancellationToken cancellationToken) =>
        await users.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) is { DisabledAt: null } user ? await PermissionsNowAsync(tenant, user.Roles, cancellationToken).ConfigureAwait(false) : null;

    private async Task<PermissionSet?> FindAsync(TenantId tenant, string code, CancellationToken cancellationToken) =>
        BuiltInRoles.All.TryGetValue(code, out var builtIn) ? builtIn
        : await roles.FindAsync(tenant, code, cancellationToken).ConfigureAwait(false) is { ArchivedAt: null } own && own.Code == code ? own.ToSet()
        : null;

    private static string Claim(ClaimsIdentity token, string type) =>
        token.FindFirst(type)?.Value ?? throw new InvalidOperationException($"The access token has no '{type}'.");
}
