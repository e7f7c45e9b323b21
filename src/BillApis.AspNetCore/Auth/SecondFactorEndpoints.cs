using System.Collections.Immutable;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/auth/totp</c>: the caller's own second factor.</summary>
internal static class SecondFactorEndpoints
{
    public static void MapSecondFactor(this IEndpointRouteBuilder auth)
    {
        auth.MapPost("/totp", BeginAsync).WithSummary("Begin a second factor: put the secret into an authenticator app; it counts once it is confirmed with a code").WithMetadata(new SecretAnswer()).RequiresSignIn();
        auth.MapPost("/totp/confirm", ConfirmAsync).WithSummary("Confirm the second factor; the recovery codes are shown this once").WithMetadata(new SecretAnswer()).RequiresSignIn();
        auth.MapPost("/totp/remove", RemoveAsync).WithSummary("Take the second factor away, with a code of it or a recovery code").RequiresSignIn();
    }

    internal static async Task<TotpResponse> BeginAsync(Caller caller, SignIn signIn, SecondFactors factors, CancellationToken cancellationToken)
    {
        var user = await signIn.GetAsync(caller, cancellationToken).ConfigureAwait(false);
        var secret = Totp.Base32(await factors.BeginAsync(user, cancellationToken).ConfigureAwait(false));
        return new TotpResponse(secret, $"otpauth://totp/BillApis:{Uri.EscapeDataString(user.Email)}?secret={secret}&issuer=BillApis");
    }

    internal static async Task<RecoveryCodesResponse> ConfirmAsync(Body<TotpCodeRequest> body, Caller caller, SignIn signIn, SecondFactors factors, CancellationToken cancellationToken) =>
        new(await factors.ConfirmAsync(await signIn.GetAsync(caller, cancellationToken).ConfigureAwait(false), body.Value.TotpCode, cancellationToken).ConfigureAwait(false));

    internal static async Task<DoneResponse> RemoveAsync(Body<TotpCodeRequest> body, Caller caller, SignIn signIn, SecondFactors factors, CancellationToken cancellationToken)
    {
        await factors.EndAsync(await signIn.GetAsync(caller, cancellationToken).ConfigureAwait(false), body.Value.TotpCode, cancellationToken).ConfigureAwait(false);
        return new DoneResponse(true);
    }
}

internal sealed record TotpCodeRequest
{
    /// <summary>Six digits of the app, or a recovery code.</summary>
    public required string TotpCode { get; init; }
}

internal sealed record TotpResponse(string Secret, string Uri);

internal sealed record RecoveryCodesResponse(ImmutableArray<string> RecoveryCodes);
