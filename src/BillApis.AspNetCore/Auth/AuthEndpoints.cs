using System.Collections.Immutable;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/auth</c>: signing in and out.</summary>
internal static class AuthEndpoints
{
    /// <summary>Maps the endpoints for the realm that the group is in.</summary>
    public static void MapAuth(this IEndpointRouteBuilder api)
    {
        var auth = api.MapGroup("/auth").WithTags("Auth");
        auth.MapPost("/login", LoginAsync).WithSummary("Sign in with an e-mail address and a password").WithMetadata(new SecretAnswer()).AllowAnonymous();
        auth.MapPost("/refresh", RefreshAsync).WithSummary("Take a refresh token for new tokens; each is usable once").WithMetadata(new SecretAnswer()).AllowAnonymous();
        auth.MapPost("/logout", LogoutAsync).WithSummary("End this session").RequiresSignIn();
        auth.MapGet("/me", GetMeAsync).WithSummary("Who is signed in").RequiresSignIn();
        auth.MapPost("/password", ChangePasswordAsync).WithSummary("Change the password; other sessions end").WithMetadata(new SecretAnswer()).RequiresSignIn();
        auth.MapSecondFactor();
        auth.MapPost("/password/forgot", ForgotPassword).WithSummary("Have a token for POST /auth/password/reset sent to your e-mail address; the answer is the same whether there is such a user").AllowAnonymous();
        auth.MapPost("/password/reset", ResetPasswordAsync).WithSummary("Set a new password with the token of an invitation or a reset; every session ends").WithMetadata(new SecretAnswer()).AllowAnonymous();
    }

    internal static async Task<TokensResponse> LoginAsync(Body<LoginRequest> body, HttpContext context, SignIn signIn, CancellationToken cancellationToken) =>
        TokensResponse.From(await signIn.LoginAsync(InRealm.Of(context.GetEndpoint()), body.Value.Email, body.Value.Password, body.Value.TotpCode, context.Connection.RemoteIpAddress?.ToString(), cancellationToken).ConfigureAwait(false));

    internal static async Task<TokensResponse> RefreshAsync(Body<RefreshRequest> body, HttpContext context, SignIn signIn, CancellationToken cancellationToken) =>
        TokensResponse.From(await signIn.RefreshAsync(InRealm.Of(context.GetEndpoint()), body.Value.RefreshToken, cancellationToken).ConfigureAwait(false));

    internal static async Task<DoneResponse> LogoutAsync(Caller caller, SignIn signIn, CancellationToken cancellationToken)
    {
        await signIn.EndAsync(caller.Tenant, caller.Session!.Value, cancellationToken).ConfigureAwait(false);
        return new DoneResponse(true);
    }

    internal static async Task<UserResponse> GetMeAsync(Caller caller, SignIn signIn, CancellationToken cancellationToken) =>
        UserResponse.From(await signIn.GetAsync(caller, cancellationToken).ConfigureAwait(false));

    internal static async Task<DoneResponse> ChangePasswordAsync(Body<PasswordRequest> body, Caller caller, SignIn signIn, CancellationToken cancellationToken)
    {
        await signIn.ChangePasswordAsync(caller, body.Value.CurrentPassword, body.Value.NewPassword, cancellationToken).ConfigureAwait(false);
        return new DoneResponse(true);
    }

    internal static Accepted<DoneResponse> ForgotPassword(Body<ForgotPasswordRequest> body, HttpContext context, ForgottenPasswords forgotten)
    {
        forgotten.Begin(InRealm.Of(context.GetEndpoint()), body.Value.Email, context.Connection.RemoteIpAddress?.ToString());
        return TypedResults.Accepted((string?)null, new DoneResponse(true));
    }

    internal static async Task<DoneResponse> ResetPasswordAsync(Body<PasswordResetRequest> body, HttpContext context, SignIn signIn, CancellationToken cancellationToken)
    {
        await signIn.ResetPasswordAsync(InRealm.Of(context.GetEndpoint()), body.Value.Token, body.Value.NewPassword, cancellationToken).ConfigureAwait(false);
        return new DoneResponse(true);
    }
}

internal sealed record PasswordResetRequest
{
    public required string Token { get; init; }
    public required string NewPassword { get; init; }
}

internal sealed record ForgotPasswordRequest
{
    public required string Email { get; init; }
}

internal sealed record LoginRequest
{
    public required string Email { get; init; }
    public required string Password { get; init; }

    /// <summary>Of the second factor, where the user has one: six digits of the app, or a recovery code.</summary>
    public string? TotpCode { get; init; }
}

internal sealed record RefreshRequest
{
    public required string RefreshToken { get; init; }
}

internal sealed record PasswordRequest
{
    public required string CurrentPassword { get; init; }
    public required string NewPassword { get; init; }
}

internal sealed record TokensResponse(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken, UserResponse User)
{
    public static TokensResponse From(SignedIn signedIn) =>
        new(signedIn.AccessToken, "Bearer", AccessTokens.Seconds, signedIn.RefreshToken.ToString(), UserResponse.From(signedIn.User));
}

internal sealed record UserResponse(UserId Id, string Email, string Name, ImmutableArray<string> Roles, TenantId TenantId, CustomerId? CustomerId, Instant CreatedAt, Instant? DisabledAt)
{
    public static UserResponse From(User user) => new(user.Id, user.Email, user.Name, user.Roles, user.Tenant, user.Customer, user.CreatedAt, user.DisabledAt);
}

/// <summary>The answer where there is nothing to tell but that it is done.</summary>
internal sealed record DoneResponse(bool Done);
