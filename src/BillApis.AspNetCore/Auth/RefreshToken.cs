using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>A refresh token as the client holds it: the session, and a secret of which only the hash is stored.</summary>
internal sealed record RefreshToken(SessionId Session, string Secret)
{
    private const int SecretBytes = 32;

    public string SecretHash => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Secret)));

    public static RefreshToken New(SessionId session) => new(session, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)));

    public static RefreshToken? Parse(string text) =>
        text.Split('.') is [var session, var secret] && EntityId.TryParse<SessionId>(session, out var id) ? new RefreshToken(id, secret) : null;

    /// <summary>Compares in a time that does not depend on where the hashes differ.</summary>
    public bool Is(string secretHash) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(SecretHash), Encoding.ASCII.GetBytes(secretHash));

    public override string ToString() => $"{Session}.{Secret}";
}
