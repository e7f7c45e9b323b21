using NodaTime;

namespace BillApis.Storage.Sql;

/// <summary>Instants at rest: microseconds since 1970.</summary>
internal static class SqlTime
{
    public static long ToMicroseconds(this Instant instant) => instant.ToUnixTimeTicks() / 10;

    public static Instant FromMicroseconds(long microseconds) => Instant.FromUnixTimeTicks(microseconds * 10);
}
