using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Identity;

/// <summary>What a user signs in with beside the password: codes of an app, or of a list for when the app is lost.</summary>
internal sealed record SecondFactor
{
    public const int RecoveryCodes = 10;

    /// <summary>The secret that the app shares, encrypted.</summary>
    public required string AppSecret { get; init; }

    /// <summary>When the user proved to have it in an app; until then it asks for nothing.</summary>
    public Instant? ConfirmedAt { get; init; }

    /// <summary>The step of the code that was used last: no code is good twice.</summary>
    public long LastStep { get; init; }

    /// <summary>The hashes of the recovery codes that are left.</summary>
    [JsonPropertyName("recovery_secrets")]
    public ImmutableArray<string> RecoveryHashes { get; init; } = [];

    /// <summary>With a code used up, or null where it is wrong.</summary>
    public SecondFactor? Use(ReadOnlySpan<byte> secret, string code, Instant now)
    {
        if (Totp.Match(secret, code, now, LastStep) is { } step)
        {
            return this with { LastStep = step };
        }

        var left = RecoveryHashes.Where(hash => !RandomSecret.Matches(code, hash)).ToImmutableArray();
        return left.Length < RecoveryHashes.Length ? this with { RecoveryHashes = left } : null;
    }
}
