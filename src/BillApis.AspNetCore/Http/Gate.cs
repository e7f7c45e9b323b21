using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

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

    /// <summary>Finds out who calls; only endpoints that say so take anybody.</summary>
    public static async Task AdmitAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return;
        }

        var result = await context.AuthenticateAsync(BillingAuthenticationHandler.Name).ConfigureAwait(false);
        context.User = result.Principal
            ?? throw new BillingException(BillingErrorCode.Unauthenticated, result.Failure?.Message ?? "A credential is needed: Authorization: Bearer <access token>.");
    }
}

/// <summary>The only port that an endpoint is served at.</summary>
internal sealed record ServedAt(int Port);
