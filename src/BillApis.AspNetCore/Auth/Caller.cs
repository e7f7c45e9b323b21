using System.Reflection;
using System.Security.Claims;
using BillApis.Identity;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Who calls, as the credential said.</summary>
internal sealed record Caller(TenantId Tenant, UserId User, SessionId Session)
{
    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo parameter) => ValueTask.FromResult<Caller?>(Of(context.User));

    public static Caller Of(ClaimsPrincipal principal) => new(
        EntityId.Parse<TenantId>(Claim(principal, "tid")),
        EntityId.Parse<UserId>(Claim(principal, "sub")),
        EntityId.Parse<SessionId>(Claim(principal, "sid")));

    private static string Claim(ClaimsPrincipal principal, string type) =>
        principal.FindFirst(type)?.Value ?? throw new InvalidOperationException($"The endpoint needs a caller, and the credential has no '{type}'.");
}
