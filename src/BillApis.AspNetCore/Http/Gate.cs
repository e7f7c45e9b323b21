using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.AspNetCore;

/// <summary>Lets a request in, or refuses it before any handler sees it.</summary>
internal static class Gate
{
    /// <summary>Refuses paths that cannot name anything, and endpoints that are served on another port.</summary>
    public static void CheckPath(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ServedAt>() is { } served && served.Port != context.Connection.LocalPort)
        {
            throw new HttpRefusal(Failure.NoSuchEndpoint(context.Request));
        }

        foreach (var (name, value) in context.Request.RouteValues)
        {
            if (value is string text && (text.Length > Limits.CodeLength || text.Any(char.IsControl)) && name != Unknown.Parameter)
            {
                throw BillingException.NotFound("object", new string([.. text.Take(Limits.CodeLength).Select(letter => char.IsControl(letter) ? '?' : letter)]));
            }
        }
    }

    /// <summary>Finds out who calls, and whether the endpoint may be called with that; only endpoints that say so take anybody.</summary>
    public static async Task AdmitAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint()!;
        if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return;
        }

        var result = await context.AuthenticateAsync(BillingAuthenticationHandler.Name).ConfigureAwait(false);
        context.User = result.Principal
            ?? throw new BillingException(BillingErrorCode.Unauthenticated, result.Failure?.Message ?? "A credential is needed: Authorization: Bearer <access token>.");
        var caller = await context.RequestServices.GetRequiredService<Access>().CallerAsync(context.User, context.RequestAborted).ConfigureAwait(false)
            ?? throw new BillingException(BillingErrorCode.Unauthenticated, "The user may not sign in any more.");
        context.Features.Set(caller);
        if (RequiredPermission.Of(endpoint) is { } needed && !caller.Permissions.Allows(needed))
        {
            throw new BillingException(BillingErrorCode.Forbidden, $"This needs the permission '{needed}'.");
        }
    }
}

/// <summary>The only port that an endpoint is served at.</summary>
internal sealed record ServedAt(int Port);
