using System.Security.Claims;
using BillApis.Identity;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace BillApis.AspNetCore;

/// <summary>Makes and checks the short-lived tokens of both realms (JWT, ES256): each has its own keys, issuer and audience.</summary>
internal sealed class AccessTokens(SigningKeys keys)
{
    public const int Seconds = 900;
    private readonly JsonWebTokenHandler _handler = new();

    public async Task<string> CreateAsync(User user, SessionId session, CancellationToken cancellationToken)
    {
        var (name, issuer) = (NameOf(user.Realm), IssuerOf(user.Realm));
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = issuer,
            IssuedAt = now,
            NotBefore = now,
            Expires = now.AddSeconds(Seconds),
            Claims = new Dictionary<string, object>
            {
                ["sub"] = user.Id.ToString(),
                ["tid"] = user.Tenant.ToString(),
                ["sid"] = session.ToString(),
                ["realm"] = name,
                ["roles"] = user.Roles.ToArray(),
            },
            SigningCredentials = new SigningCredentials(await keys.CurrentAsync(user.Realm, cancellationToken).ConfigureAwait(false), SecurityAlgorithms.EcdsaSha256),
        });
    }

    /// <summary>The token's claims, or null for one that is forged, expired, of another realm or no token at all.</summary>
    public async Task<ClaimsIdentity?> ReadAsync(Realm realm, string token, CancellationToken cancellationToken)
    {
        if (!_handler.CanReadToken(token) || await keys.FindAsync(realm, Kid(token), cancellationToken).ConfigureAwait(false) is not { } key)
        {
            return null;
        }

        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = IssuerOf(realm),
            ValidAudience = IssuerOf(realm),
            IssuerSigningKey = key,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ClockSkew = TimeSpan.FromSeconds(30),
        }).ConfigureAwait(false);
        return result.IsValid && result.ClaimsIdentity.HasClaim("realm", NameOf(realm)) ? result.ClaimsIdentity : null;
    }

    private static string NameOf(Realm realm) => realm is Realm.Admin ? "admin" : "portal";

    private static string IssuerOf(Realm realm) => $"billapis/{NameOf(realm)}";

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
