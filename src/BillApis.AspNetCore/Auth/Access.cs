using System.Collections.Immutable;
using System.Security.Claims;
using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>What the caller of a request may do. A change counts at once in this process, and in others after a second at most.</summary>
internal sealed class Access(IStore<User> users, IStore<Role> roles, IStore<Session> sessions)
{
    private readonly Recent<(TenantId, string, SessionId), KnownUser?> _recent = new();

    /// <summary>The caller that an access token stands for, or null where its session has ended or the user may not sign in any more.</summary>
    public async ValueTask<Caller?> CallerAsync(ClaimsIdentity token, CancellationToken cancellationToken)
    {
        var (tenant, user, session) = (EntityId.Parse<TenantId>(Claim(token, "tid")), Claim(token, "sub"), EntityId.Parse<SessionId>(Claim(token, "sid")));
        return await _recent.GetAsync((tenant, user, session), () => KnownAsync(tenant, user, session, cancellationToken)).ConfigureAwait(false) is { } known
            ? new Caller(tenant, user, known.Permissions) { Session = session, Customer = known.Customer }
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

    /// <summary>Lets changes to users, roles and sessions count.</summary>
    public void Forget() => _recent.Forget();

    private async Task<KnownUser?> KnownAsync(TenantId tenant, string id, SessionId session, CancellationToken cancellationToken) =>
        await users.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) is { DisabledAt: null } user
        && (await sessions.FindAsync(tenant, session.ToString(), cancellationToken).ConfigureAwait(false))?.IsOpen(RealTime.Now) is true
            ? new KnownUser(user.Realm is Realm.Portal ? CustomerRights.All : await PermissionsNowAsync(tenant, user.Roles, cancellationToken).ConfigureAwait(false), user.Customer)
            : null;

    private async Task<PermissionSet?> FindAsync(TenantId tenant, string code, CancellationToken cancellationToken) =>
        BuiltInRoles.All.TryGetValue(code, out var builtIn) ? builtIn
        : await roles.FindAsync(tenant, code, cancellationToken).ConfigureAwait(false) is { ArchivedAt: null } own && own.Code == code ? own.ToSet()
        : null;

    private static string Claim(ClaimsIdentity token, string type) =>
        token.FindFirst(type)?.Value ?? throw new InvalidOperationException($"The access token has no '{type}'.");

    private sealed record KnownUser(PermissionSet Permissions, CustomerId? Customer);
}
