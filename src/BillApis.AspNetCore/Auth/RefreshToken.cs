using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>A refresh token as the client holds it: the session, and a secret of which only the hash is stored.</summary>
internal sealed record RefreshToken(TenantId Tenant, SessionId Session, string Secret)
{
    public string SecretHash => RandomSecret.HashOf(Secret);

    public static RefreshToken New(TenantId tenant, SessionId session) => new(tenant, session, RandomSecret.New());

    public static RefreshToken? Parse(string text) =>
        text.Split('.') is [var tenant, var session, var secret] && EntityId.TryParse<TenantId>(tenant, out var home) && EntityId.TryParse<SessionId>(session, out var id) ? new RefreshToken(home, id, secret) : null;

    public bool Is(string secretHash) => RandomSecret.Matches(Secret, secretHash);

    public override string ToString() => $"{Tenant}.{Session}.{Secret}";
}
