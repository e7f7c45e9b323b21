using System.Security.Claims;
using BillApis.Identity;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace BillApis.AspNetCore;

/// <summary>Makes and checks the short-lived tokens of the admin realm (JWT, ES256).</summary>
internal sealed class AccessTokens(SigningKeys keys)
{
    public const int Seconds = 900;
    private const string Realm = "admin";
    private const string Issuer = "billapis/admin";
    private readonly JsonWebTokenHandler _handler = new();

    public async Task<string> CreateAsync(User user, SessionId session, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Issuer,
            IssuedAt = now,
            NotBefore = now,
            Expires = now.AddSeconds(Seconds),
            Claims = new Dictionary<string, object>
            {
                ["sub"] = user.Id.ToString(),
                ["tid"] = user.Tenant.ToString(),
                ["sid"] = session.ToString(),
                ["realm"] = Realm,
                ["roles"] = user.Roles.ToArray(),
            },
            SigningCredentials = new SigningCredentials(await keys.CurrentAsync(cancellationToken).ConfigureAwait(false), SecurityAlgorithms.EcdsaSha256),
        });
    }

    /// <summary>The token's claims, or null for one that is forged, expired, of another realm or no token at all.</summary>
    public async Task<ClaimsIdentity?> ReadAsync(string token, CancellationToken cancellationToken)
    {
        if (!_handler.CanReadToken(token) || await keys.FindAsync(Kid(token), cancellationToken).ConfigureAwait(false) is not { } key)
        {
            return null;
        }

        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = Issuer,
            ValidAudience = Issuer,
            IssuerSigningKey = key,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ClockSkew = TimeSpan.FromSeconds(30),
        }).ConfigureAwait(false);
        return result.IsValid && result.ClaimsIdentity.HasClaim("realm", Realm) ? result.ClaimsIdentity : null;
    }

    private string Kid(string token)
    {
        try
        {
            return _handler.ReadJsonWebToken(token).Kid ?? "";
        }
        catch (ArgumentException)
        {
            return "";
        }
    }
}
