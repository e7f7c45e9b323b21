using System.Collections.Concurrent;
using BillApis.Storage.Sql.Metering;
using Dapper;
using NodaTime;

namespace BillApis.Postgres;

/// <summary>Months since 1970, which events are parted by; the parts of one are made before its first event is stored.</summary>
internal sealed class PostgresUsageMonths(PostgresDialect dialect)
{
    private readonly ConcurrentDictionary<long, bool> _open = [];

    /// <summary>The month of an hour since 1970.</summary>
    public static long Of(long hour) => ArchivedUsage.NumberOf(Instant.FromUnixTimeSeconds(hour * 3_600).InUtc().Date.ToYearMonth());

    /// <summary>Makes the parts that are not there, in a transaction of their own; without a second look where this process made or found them before.</summary>
    public async Task OpenAsync(IEnumerable<long> months, CancellationToken cancellationToken)
    {
        foreach (var month in months.Where(month => !_open.ContainsKey(month)).ToList())
        {
            await using var connection = await dialect.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await connection.ExecuteAsync(new CommandDefinition("select billing_usage_open_month(cast(@month as integer))", new { month }, cancellationToken: cancellationToken)).ConfigureAwait(false);
            _open[month] = true;
        }
    }

    /// <summary>Looks again before the next event: a part was taken away.</summary>
    public void Forget() => _open.Clear();
}
