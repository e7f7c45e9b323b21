using System.Runtime.CompilerServices;
using BillApis.Metering;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Text;

namespace BillApis;

/// <summary>
/// Archives the events of months that are long over: each lot is written to a file, checked, and taken out of the database in the transaction that notes the file.
/// A kill leaves at most a file that nothing points to, and the lot in the database; totals and the ids of all events stay. A month can be brought back from its files.
/// </summary>
public sealed class UsageRetention
{
    private const int MaxAttempts = 5;
    private static readonly Duration Pause = Duration.FromHours(1);
    private static readonly Duration Kept = Duration.FromDays(30);
    private readonly IUsageArchiveStore _store;
    private readonly IStore<Metric> _metrics;
    private readonly Settings _settings;
    private readonly IOptions<BillingOptions> _options;
    private readonly IClock _clock;

    internal UsageRetention(IUsageArchiveStore store, IStore<Metric> metrics, Settings settings, IOptions<BillingOptions> options, IClock clock) =>
        (_store, _metrics, _settings, _options, _clock) = (store, metrics, settings, options, clock);

    /// <summary>Archives what each tenant need not keep any more, by its own <see cref="TenantSettings.UsageRetentionMonths"/> or else by the options; safe to repeat and to run on several nodes at once.</summary>
    /// <returns>How many events were archived.</returns>
    /// <exception cref="BillingException">The options name no folder for the files, or keep nothing.</exception>
    public async Task<long> RunAsync(CancellationToken cancellationToken = default)
    {
        if (_options.Value is { UsageRetentionMonths: null, UsageArchiveFolder: null })
        {
            return 0;
        }

        var (archived, folder) = (0L, Folder());
        foreach (var tenant in await _store.TenantsAsync(cancellationToken).ConfigureAwait(false))
        {
            archived += await RunAsync(tenant, folder, cancellationToken).ConfigureAwait(false);
        }

        await _store.CloseMonthsAsync(ThisMonth(), cancellationToken).ConfigureAwait(false);
        return archived;
    }

    /// <summary>The same for one tenant.</summary>
    /// <returns>How many events were archived.</returns>
    /// <exception cref="BillingException">The options name no folder for the files, or keep nothing.</exception>
    public Task<long> RunAsync(TenantId tenant, CancellationToken cancellationToken = default) => RunAsync(tenant, Folder(), cancellationToken);

    /// <summary>Brings an archived month back: its single events can be read, corrected and explained as before, and no id, total or bill changes. All of it comes back, or nothing.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="month">The month (UTC).</param>
    /// <param name="keepUntil">Before when it is not archived again; 30 days from now where nothing is said.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="BillingException">Nothing of the month is archived, or a file is not what was written.</exception>
    public async Task<RestoredUsage> RestoreAsync(TenantId tenant, YearMonth month, Instant? keepUntil = null, CancellationToken cancellationToken = default)
    {
        var (folder, until) = (Folder(), keepUntil ?? Now() + Kept);
        if (until <= Now())
        {
            throw BillingException.Field("keep_until", "must be in the future");
        }

        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var parts = await ListAsync(tenant, new UsageArchiveQuery { Month = month }, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
            if (parts.Count == 0)
            {
                throw BillingException.NotFound("usage archive", YearMonthPattern.Iso.Format(month));
            }

            // All of them are looked at before the first one is written.
            await foreach (var events in EventsAsync(folder, parts, cancellationToken).ConfigureAwait(false))
            {
                _ = events;
            }

            var metrics = await _metrics.AllAsync(tenant, new StoreQuery { Limit = Limits.PageSize }, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
            if (await _store.RestoreAsync(new UsageRestoration(tenant, month, [.. parts], EventsAsync(folder, parts, CancellationToken.None), [.. metrics], until), cancellationToken).ConfigureAwait(false))
            {
                return new RestoredUsage(month, parts.Sum(part => part.Events), until);
            }
        }

        throw BillingException.Changed("usage archive", YearMonthPattern.Iso.Format(month));
    }

    /// <summary>The files that a tenant's events are in, the oldest month first.</summary>
    public async Task<IReadOnlyList<UsageArchivePart>> ListAsync(TenantId tenant, CancellationToken cancellationToken = default) =>
        await ListAsync(tenant, new UsageArchiveQuery(), cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>A page of the same.</summary>
    public Task<Page<UsageArchivePart>> PageAsync(TenantId tenant, UsageArchiveQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return _store.ListAsync(tenant, query, cancellationToken);
    }

    /// <summary>The months of a tenant that were restored and are still kept.</summary>
    public Task<IReadOnlyList<RestoredMonth>> RestoredAsync(TenantId tenant, CancellationToken cancellationToken = default) => _store.RestoredAsync(tenant, Now(), cancellationToken);

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

    private async Task<long> RunAsync(TenantId tenant, string folder, CancellationToken cancellationToken)
    {
        if ((await _settings.GetAsync(tenant, cancellationToken).ConfigureAwait(false)).UsageRetentionMonths is not { } months)
        {
            return 0;
        }

        Check.Range("usage_retention_months", months, 1, Limits.MostRetentionMonths);
        var archived = 0L;
        foreach (var month in await _store.DueAsync(tenant, ThisMonth().PlusMonths(-months), cancellationToken).ConfigureAwait(false))
        {
            while (await _store.ReadAsync(tenant, month, Now(), cancellationToken).ConfigureAwait(false) is { } lot)
            {
                var part = await ArchiveFile.WriteAsync(folder, lot, Now(), cancellationToken).ConfigureAwait(false);
                archived += await _store.RemoveAsync(lot, part, cancellationToken).ConfigureAwait(false) ? lot.Events.Count : 0;
            }
        }

        return archived;
    }

    private async IAsyncEnumerable<UsageArchivePart> ListAsync(TenantId tenant, UsageArchiveQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (string? after = null; ;)
        {
            var page = await _store.ListAsync(tenant, query with { After = after, Limit = Limits.PageSize }, cancellationToken).ConfigureAwait(false);
            foreach (var part in page.Items)
            {
                yield return part;
            }

            after = page.Next;
            if (after is null)
            {
                yield break;
            }
        }
    }

    private static async IAsyncEnumerable<IReadOnlyList<StoredEvent>> EventsAsync(string folder, IReadOnlyList<UsageArchivePart> parts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var part in parts)
        {
            yield return await ArchiveFile.ReadAsync(folder, part, cancellationToken).ConfigureAwait(false);
        }
    }

    private string Folder() => _options.Value.UsageArchiveFolder ?? throw BillingException.Field("usage_archive_folder", "is required where usage is not kept forever");

    private Instant Now() => _clock.GetCurrentInstant();

    private YearMonth ThisMonth() => Now().InUtc().Date.ToYearMonth();
}
