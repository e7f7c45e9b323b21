using System.Reflection;
using BillApis.Identity;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Who calls, as the credential said.</summary>
/// <param name="Tenant">The company that the caller belongs to, and whose things alone it sees.</param>
/// <param name="Id">The user's id.</param>
/// <param name="Permissions">All that the caller may do.</param>
internal sealed record Caller(TenantId Tenant, string Id, PermissionSet Permissions)
{
    /// <summary>The sign-in that the access token came from.</summary>
    public SessionId Session { get; init; }

    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo parameter) => ValueTask.FromResult<Caller?>(Of(context));

    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? throw new InvalidOperationException("The endpoint needs a caller, and lets in anybody.");

    /// <summary>Refuses to hand on more than the caller has.</summary>
    /// <exception cref="BillingException">The caller lacks some of it.</exception>
    public void MustCover(PermissionSet permissions, string what)
    {
        if (!Permissions.Covers(permissions))
        {
            throw new BillingException(BillingErrorCode.Forbidden, $"{what} may do more than you may yourself.");
        }
    }
}
