using System.Data.Common;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Refuses what cannot be answered exactly without events that are archived.</summary>
internal static class ArchivedUsage
{
    /// <summary>Months since 1970.</summary>
    public static long NumberOf(YearMonth month) => ((month.Year - 1_970) * 12) + month.Month - 1;

    /// <summary>The month of a number.</summary>
    public static YearMonth MonthOf(long number) => new YearMonth(1_970, 1).PlusMonths((int)number);

    /// <summary>All of a month of UTC.</summary>
    public static Interval IntervalOf(YearMonth month) => new(month.OnDayOfMonth(1).AtMidnight().InUtc().ToInstant(), month.PlusMonths(1).OnDayOfMonth(1).AtMidnight().InUtc().ToInstant());

    /// <summary>Refuses where events of one of the intervals may be archived; called once they were read, so that what is archived meanwhile is told too.</summary>
    public static async Task RefuseAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, IReadOnlyCollection<Interval> needed, CancellationToken cancellationToken)
    {
        if (needed.Count == 0)
        {
            return;
        }

        foreach (var number in await connection.QueryAsync<long>(new CommandDefinition(
            "select distinct month from billing_usage_archive where tenant_id = @Tenant", new { Tenant = tenant.ToString() }, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false))
        {
            var (month, archived) = (MonthOf(number), IntervalOf(MonthOf(number)));
            if (needed.Any(interval => interval.Start < archived.End && interval.End > archived.Start))
            {
                throw new BillingException(BillingErrorCode.Conflict, $"Single events of {month:uuuu-MM} are archived, and this cannot be told without them; whole hours of that month can be read, and nothing in it changed.");
            }
        }
    }
}
