using System.Data.Common;
using System.Runtime.CompilerServices;
using BillApis.Metering;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>
/// Counts the totals anew, month by month: the hours and days from the events, and the month from its days. Each day is a transaction of its own, which no intake of the tenant runs beside;
/// after each the totals are right up to there, so that who is stopped begins again and finds less to do.
/// </summary>
internal sealed class UsageRebuild(SqlDatabase database, UsageDeltas deltas, int most = CountedTotals.Most)
{
    private static readonly YearMonth Last = new(9_999, 1);
    private readonly SqlDialect _dialect = database.Dialect;

    public async IAsyncEnumerable<RebuiltTotals> RunAsync(TenantId tenant, Func<CancellationToken, Task<IReadOnlyList<Metric>>> metrics, bool set, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var known = new KnownMetrics(metrics);
        await known.KnowAsync([], cancellationToken).ConfigureAwait(false);
        for (var month = await NextAsync(tenant, 0, cancellationToken).ConfigureAwait(false); month is { } number; month = await NextAsync(tenant, number + 1, cancellationToken).ConfigureAwait(false))
        {
            var (bucket, changed) = (UsageBucket.Of(UsageLevel.Month, ArchivedUsage.IntervalOf(ArchivedUsage.MonthOf(number)).Start), new ChangedDays());
            foreach (var stretch in bucket.Parts.Append(bucket).Where(part => part.Level is UsageLevel.Day || !changed.AreTooMany))
            {
                var isArchived = false;
                for (var after = ""; after is not null && !isArchived;)
                {
                    var step = await database.WriteAsync(tenant, transaction => StepAsync(transaction, tenant, known, stretch, after, set, changed, cancellationToken), cancellationToken).ConfigureAwait(false);
                    (after, isArchived) = (step?.Through, step is null);
                    if (step is not null && !set && stretch.Level is UsageLevel.Day)
                    {
                        changed.Add(step);
                    }

                    yield return new RebuiltTotals(ArchivedUsage.MonthOf(number), step?.Events ?? 0, step is null ? [] : [.. step.Differences.Select(difference => difference.Told)]) { IsArchived = isArchived };
                }

                if (isArchived)
                {
                    break;
                }
            }
        }
    }

    /// <returns>Null where the month is archived.</returns>
    private async Task<RebuildStep?> StepAsync(
        DbTransaction transaction, TenantId tenant, KnownMetrics metrics, UsageBucket stretch, string after, bool set, ChangedDays changed, CancellationToken cancellationToken)
    {
        await UsageLock.HoldAsync(_dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
        await deltas.MergeAsync(transaction, tenant, cancellationToken).ConfigureAwait(false);
        await _dialect.UsageLog.CatchUpAsync(transaction, cancellationToken).ConfigureAwait(false);
        if (await IsArchivedAsync(transaction, tenant, stretch, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var kept = new KeptTotals(transaction, tenant, stretch);
        var counted = new CountedTotals(after, await kept.ThroughAsync(after, most, cancellationToken).ConfigureAwait(false), most);
        await (stretch.Level is UsageLevel.Day
            ? new CountedEvents(_dialect, transaction, tenant, metrics).AddAsync(counted, stretch, cancellationToken)
            : new KeptTotals(transaction, tenant, stretch, isOfDays: true).AddAsync(counted, changed, cancellationToken)).ConfigureAwait(false);
        var differences = await kept.CompareAsync(counted, cancellationToken).ConfigureAwait(false);
        if (set && differences.Count > 0)
        {
            await new RebuildWrites(_dialect, transaction, tenant, metrics).SetAsync(differences, cancellationToken).ConfigureAwait(false);
        }

        return new RebuildStep(stretch.Level is UsageLevel.Day ? counted.Added : 0, differences, counted.Through);
    }

    private static async Task<bool> IsArchivedAsync(DbTransaction transaction, TenantId tenant, UsageBucket stretch, CancellationToken cancellationToken) =>
        await transaction.Connection!.ExecuteScalarAsync<long?>(new CommandDefinition(
            "select 1 from billing_usage_archive where tenant_id = @Tenant and month = @Month limit 1",
            new { Tenant = tenant.ToString(), Month = ArchivedUsage.NumberOf(stretch.Start.InUtc().Date.ToYearMonth()) },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false) is not null;

    // The next month that has events, corrections or totals.
    private async Task<long?> NextAsync(TenantId tenant, long from, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(tenant, cancellationToken).ConfigureAwait(false);
        await deltas.CatchUpAsync(connection, tenant, cancellationToken).ConfigureAwait(false);
        var months = (await _dialect.OldUsage.MonthsAsync(connection, tenant, ArchivedUsage.NumberOf(Last), cancellationToken).ConfigureAwait(false)).Where(month => month >= from);
        var first = ArchivedUsage.IntervalOf(ArchivedUsage.MonthOf(from)).Start;
        var hours = await connection.QueryAsync<long?>(new CommandDefinition(
            $"""
            {string.Join(" union all ", UsageTotals.Tables.SelectMany(table => Enum.GetValues<UsageLevel>().Select(level => $"select min(hour) from {table} where tenant_id = @Tenant and level = {(int)level} and hour >= @Hour")))}
            union all select min(at) / {UsageBucket.HourMicroseconds} from billing_usage_correction where tenant_id = @Tenant and customer_id is not null and at >= @At
            """,
            new { Tenant = tenant.ToString(), Hour = first.ToUnixTimeSeconds() / 3_600, At = first.ToMicroseconds() },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return months.Concat(hours.OfType<long>().Select(hour => ArchivedUsage.NumberOf(new UsageBucket(UsageLevel.Hour, hour).Start.InUtc().Date.ToYearMonth()))).Select(month => (long?)month).Min();
    }
}

/// <summary>What was counted anew in one transaction.</summary>
/// <param name="Events">How many events were counted.</param>
/// <param name="Differences">What is kept otherwise.</param>
/// <param name="Through">The last customer that was counted; null where there is none behind it.</param>
internal sealed record RebuildStep(long Events, IReadOnlyList<RebuildDifference> Differences, string? Through);
