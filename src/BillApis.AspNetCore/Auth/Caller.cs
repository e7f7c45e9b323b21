using System.Reflection;
using System.Security.Claims;
using BillApis.Identity;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Who calls, as the credential said.</summary>
/// <param name="Tenant">The company that the caller belongs to, and whose things alone it sees.</param>
/// <param name="Id">The id of the user or of the API key.</param>
/// <param name="Permissions">All that the caller may do.</param>
internal sealed record Caller(TenantId Tenant, string Id, PermissionSet Permissions)
{
    /// <summary>Whether the caller is one of those who run the system.</summary>
    public bool IsOperator => Tenant == TenantId.Default;

    /// <summary>The sign-in that the access token came from; none for an API key.</summary>
    public SessionId? Session { get; init; }

    /// <summary>The customer that the API key or the portal user belongs to.</summary>
    public CustomerId? Customer { get; init; }

    /// <summary>Whose usage it is where an event names nobody: a customer's id, or what may be an alias of one.</summary>
    public string Sender => Customer?.ToString() ?? Id;

    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo parameter) => ValueTask.FromResult<Caller?>(Of(context));

    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? throw new InvalidOperationException("The endpoint needs a caller, and lets in anybody.");

    /// <summary>The same for the application's own policies.</summary>
    public ClaimsPrincipal ToPrincipal(string scheme) => new(new ClaimsIdentity([new Claim("sub", Id), new Claim("tid", Tenant.ToString())], scheme, "sub", null));

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
