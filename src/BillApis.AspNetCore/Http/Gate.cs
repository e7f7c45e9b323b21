using BillApis.Identity;
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
        context.User = result.Principal ?? throw result.Failure as BillingException
            ?? NeedsCredential();
        var caller = Caller.Of(context);
        context.RequestServices.GetRequiredService<RequestLimits>().Take(context, caller, RealTime.Now);
        if (RequiredPermission.Of(endpoint) is not { } needed)
        {
            _ = caller.Session ?? throw new BillingException(BillingErrorCode.Forbidden, "This needs a user who is signed in; an API key is none.");
        }
        else if (!caller.Permissions.Allows(needed))
        {
            throw NeedsPermission(needed);
        }

        if (endpoint.Metadata.GetMetadata<OperatorOnly>() is not null && !caller.IsOperator)
        {
            throw new BillingException(BillingErrorCode.Forbidden, "Only the operator may do this.");
        }
    }

    public static BillingException NeedsCredential() => new(BillingErrorCode.Unauthenticated, "A credential is needed: Authorization: Bearer <access token>, or X-API-Key: <key>.");

    public static BillingException NeedsPermission(Permission needed) => new(BillingErrorCode.Forbidden, $"This needs the permission '{needed}'.");
}

/// <summary>The only port that an endpoint is served at.</summary>
internal sealed record ServedAt(int Port);
