using BillApis.Identity;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>What an invited user, or one who forgot the password, sets a new password with: once, and within a few days.</summary>
internal sealed record PasswordReset(TenantId Tenant, UserId User, string Secret)
{
    private static readonly Duration Lifetime = Duration.FromDays(3);

    /// <summary>The user with a reset begun, and what it is to be carried out with.</summary>
    public static (User User, PasswordReset Reset) Begin(User user, Instant now)
    {
        var reset = new PasswordReset(user.Tenant, user.Id, RandomSecret.New());
        return (user with { ResetHash = RandomSecret.HashOf(reset.Secret), ResetExpiresAt = now + Lifetime }, reset);
    }

    public static PasswordReset? Parse(string text) =>
        text.Split('.') is [var tenant, var user, var secret] && EntityId.TryParse<TenantId>(tenant, out var home) && EntityId.TryParse<UserId>(user, out var id) ? new PasswordReset(home, id, secret) : null;

    public bool Opens(User user, Instant now) => user.DisabledAt is null && now < user.ResetExpiresAt && RandomSecret.Matches(Secret, user.ResetHash ?? "");

    public override string ToString() => $"{Tenant}.{User}.{Secret}";
}
