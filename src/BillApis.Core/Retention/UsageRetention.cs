using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>
/// Archives the events of months that are long over: each lot is written to a file, checked, and taken out of the database in the transaction that notes the file.
/// A kill leaves at most a file that nothing points to, and the lot in the database; totals and the ids of all events stay.
/// </summary>
public sealed class UsageRetention
{
    private static readonly Duration Pause = Duration.FromHours(1);
    private readonly IUsageArchiveStore _store;
    private readonly IOptions<BillingOptions> _options;
    private readonly IClock _clock;

    internal UsageRetention(IUsageArchiveStore store, IOptions<BillingOptions> options, IClock clock) => (_store, _options, _clock) = (store, options, clock);

    /// <summary>Archives all that is older than <see cref="BillingOptions.UsageRetentionMonths"/>; safe to repeat and to run on several nodes at once.</summary>
    /// <returns>How many events were archived.</returns>
    /// <exception cref="BillingException">The options name no folder for the files, or keep nothing.</exception>
    public async Task<long> RunAsync(CancellationToken cancellationToken = default)
    {
        if (_options.Value.UsageRetentionMonths is not { } months)
        {
            return 0;
        }

        Check.Range("usage_retention_months", months, 1, Limits.MostRetentionMonths);
        var folder = _options.Value.UsageArchiveFolder ?? throw BillingException.Field("usage_archive_folder", "is required where usage is not kept forever");
        var (archived, oldest) = (0L, ThisMonth().PlusMonths(-months));
        var due = await _store.DueAsync(oldest, cancellationToken).ConfigureAwait(false);
        foreach (var (tenant, month) in due)
        {
            while (await _store.ReadAsync(tenant, month, cancellationToken).ConfigureAwait(false) is { } lot)
            {
                var part = await ArchiveFile.WriteAsync(folder, lot, _clock.GetCurrentInstant(), cancellationToken).ConfigureAwait(false);
                archived += await _store.RemoveAsync(lot, part, cancellationToken).ConfigureAwait(false) ? lot.Events.Count : 0;
            }
        }

        foreach (var month in due.Select(item => item.Month).Distinct())
        {
            await _store.CloseMonthAsync(month, cancellationToken).ConfigureAwait(false);
        }

        return archived;
    }

    /// <summary>The files that a tenant's events were archived to, the oldest month first.</summary>
    public Task<IReadOnlyList<UsageArchivePart>> ListAsync(TenantId tenant, CancellationToken cancellationToken = default) => _store.ListAsync(tenant, cancellationToken);

    /// <summary>Once an hour, on one node: makes room for the next month, and archives what is due.</summary>
    internal async Task WorkAsync(CancellationToken cancellationToken)
    {
        if (await _store.TryLeaseAsync(Pause, cancellationToken).ConfigureAwait(false))
        {
            await _store.OpenMonthAsync(ThisMonth(), cancellationToken).ConfigureAwait(false);
            await _store.OpenMonthAsync(ThisMonth().PlusMonths(1), cancellationToken).ConfigureAwait(false);
            await RunAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private YearMonth ThisMonth() => _clock.GetCurrentInstant().InUtc().Date.ToYearMonth();
}
