using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>The time that tokens follow: always the real one, even where billing runs on a test clock.</summary>
internal static class RealTime
{
    public static Instant Now => Instant.FromDateTimeOffset(TimeProvider.System.GetUtcNow());
}
