using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>What a user who forgot the password has to be sent: whoever has the token sets a new one.</summary>
/// <param name="Email">Whom to send it to.</param>
/// <param name="Name">What the user is called.</param>
/// <param name="Token">What <c>POST /auth/password/reset</c> takes, or its twin below <c>/portal</c>.</param>
/// <param name="ExpiresAt">Until when that may be done.</param>
/// <param name="IsForPortal">Whether it is a user of the customer portal.</param>
public sealed record PasswordResetMessage(string Email, string Name, string Token, Instant ExpiresAt, bool IsForPortal);
