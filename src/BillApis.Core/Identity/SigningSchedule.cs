using NodaTime;

namespace BillApis.Identity;

/// <summary>Which of a realm's keys signs when, and how long it is good for checking: each until the next one has signed for a while.</summary>
internal static class SigningSchedule
{
    /// <summary>How long a key signs.</summary>
    public static readonly Duration Lifetime = Duration.FromDays(30);

    /// <summary>How long a key is published before it signs, so that whoever keeps the published keys knows it by then.</summary>
    public static readonly Duration Lead = Duration.FromDays(1);

    /// <summary>How long tokens of a key are good once the next one signs: longer than any token lives.</summary>
    public static readonly Duration Overlap = Duration.FromHours(1);

    /// <summary>The keys that tokens are checked with, those ahead of their time included, the newest first.</summary>
    public static IReadOnlyList<SigningKey> Valid(IEnumerable<SigningKey> keys, Instant now)
    {
        var ordered = keys.OrderByDescending(key => key.SignsFrom).ThenByDescending(key => key.Id.Value).ToList();
        return [.. ordered.Where((key, place) => key.RevokedAt is null && (place == 0 || now < ordered[place - 1].SignsFrom + Overlap))];
    }

    /// <summary>From when the next key should sign, where it is time to make one.</summary>
    public static Instant? NextDue(IEnumerable<SigningKey> keys, Instant now) =>
        Valid(keys, now) is not [var newest, ..] ? now
        : now < newest.SignsFrom + Lifetime - Lead ? null
        : Instant.Max(newest.SignsFrom + Lifetime, now + Lead);
}
