using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BillApis.AspNetCore;

/// <summary>Reads the credential of a request, for the gate and for the application's own policies.</summary>
internal sealed class BillingAuthenticationHandler(Credentials credentials, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "BillApis";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        try
        {
            if (await credentials.ReadAsync(Context).ConfigureAwait(false) is not { } caller)
            {
                return AuthenticateResult.NoResult();
            }

            Context.Features.Set(caller);
            return AuthenticateResult.Success(new AuthenticationTicket(caller.ToPrincipal(Scheme.Name), Scheme.Name));
        }
        catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Unauthenticated or BillingErrorCode.Forbidden)
        {
            return AuthenticateResult.Fail(refusal);
        }
    }
}
