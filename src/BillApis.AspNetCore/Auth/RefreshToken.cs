using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>A refresh token as the client holds it: the session, and a secret of which only the hash is stored.</summary>
internal sealed record RefreshToken(SessionId Session, string Secret)
{
    public string SecretHash => RandomSecret.HashOf(Secret);

    public static RefreshToken New(SessionId session) => new(session, RandomSecret.New());

    public static RefreshToken? Parse(string text) =>
        text.Split('.') is [var session, var secret] && EntityId.TryParse<SessionId>(session, out var id) ? new RefreshToken(id, secret) : null;

    public bool Is(string secretHash) => RandomSecret.Matches(Secret, secretHash);

    public override string ToString() => $"{Session}.{Secret}";
}
