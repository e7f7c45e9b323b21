using System.Security.Cryptography;
using BillApis.Identity;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace BillApis.AspNetCore;

/// <summary>Hashes passwords and compares them; a user who does not exist costs the same time as one who does.</summary>
internal sealed class Passwords
{
    /// <summary>OWASP's figure for PBKDF2 with HMAC-SHA-512.</summary>
    private const int Iterations = 210_000;
    private const int MinLength = 8;
    private const int MaxLength = 256;

    private readonly PasswordHasher<User> _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly Lazy<string> _hashOfNobody;

    public Passwords() => _hashOfNobody = new Lazy<string>(() => Hash(Generate()));

    public static string Generate() => RandomNumberGenerator.GetString("abcdefghjkmnpqrstvwxyzABCDEFGHJKMNPQRSTVWXYZ23456789", 20);

    public string Hash(string password) => _hasher.HashPassword(null!, password);

    public bool Matches(User? user, string password) =>
        _hasher.VerifyHashedPassword(user!, user?.PasswordHash ?? _hashOfNobody.Value, password[..Math.Min(password.Length, MaxLength + 1)]) is not PasswordVerificationResult.Failed
        && user is { DisabledAt: null };

    /// <summary>Refuses a new password that is too short or too long.</summary>
    public static void Check(string field, string password)
    {
        if (password.Length is < MinLength or > MaxLength)
        {
            throw BillingException.Field(field, $"must have {MinLength} to {MaxLength} characters");
        }
    }
}
