using System.Collections.Immutable;
using BillApis.Metering;
using BillApis.Storage;
using NodaTime;

namespace BillApis;

/// <summary>Reads the file of an import, batch by batch, and remembers after each how far it came.</summary>
/// <remarks>
/// Whoever saves the next progress owns the import: the other finds its version gone and leaves. A batch that a crash left in doubt is sent
/// again, which the dedup makes harmless; by their arrival it is told which of its events this import stored itself.
/// </remarks>
internal sealed class ImportRun(IUsageImportStore store, Usage usage, IClock clock)
{
    private const int BatchSize = 5_000;

    public async Task<UsageImport> ExecuteAsync(UsageImport import, CancellationToken cancellationToken)
    {
        if (import.Status is not UsageImportStatus.Running || await SaveAsync(Stamped(import, import.Stamps), cancellationToken).ConfigureAwait(false) is not { } owned)
        {
            return await LatestAsync(import, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return await ReadAsync(owned, cancellationToken).ConfigureAwait(false);
        }
        catch (ImportBroken broken)
        {
            return await EndAsync(broken.Import.Over(UsageImportStatus.Failed, clock.GetCurrentInstant(), broken.Message), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<UsageImport> ReadAsync(UsageImport import, CancellationToken cancellationToken)
    {
        var content = new PartStream(store, import);
        await using (content.ConfigureAwait(false))
        {
            var file = new EventFile(content, import.File, import.Id.ToString());
            await GuardAsync(import, async () =>
            {
                await file.OpenAsync(import.Counts.BytesRead, import.Counts.Rows, cancellationToken).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
            while (true)
            {
                var rows = await GuardAsync(import, () => file.ReadAsync(BatchSize, cancellationToken)).ConfigureAwait(false);
                if (rows.Count == 0)
                {
                    return await EndAsync(import.Over(UsageImportStatus.Completed, clock.GetCurrentInstant()), cancellationToken).ConfigureAwait(false);
                }

                var counts = await RecordAsync(import, rows, file, cancellationToken).ConfigureAwait(false);
                if (await SaveAsync(Stamped(import with { Counts = counts }, []), cancellationToken).ConfigureAwait(false) is not { } saved)
                {
                    return await LatestAsync(import, cancellationToken).ConfigureAwait(false);
                }

                import = saved;
            }
        }
    }

    private async Task<ImportCounts> RecordAsync(UsageImport import, List<ReadEvent> rows, EventFile file, CancellationToken cancellationToken)
    {
        UsageEvent[] events = [.. rows.Select(row => row.Event).OfType<UsageEvent>()];
        var stored = import.Stamps.Length > 1 ? await store.CountAsync(import.Tenant, events, import.Stamps[..^1], cancellationToken).ConfigureAwait(false) : 0;
        var receipt = await usage.RecordAsync(import.Tenant, events, import.Sender, import.Stamps[^1], cancellationToken).ConfigureAwait(false);
        return import.Counts.Add(rows, receipt, stored, file);
    }

    // The arrival of the next batch is known before the batch is stored; those of earlier tries at it stay known too.
    private UsageImport Stamped(UsageImport import, ImmutableArray<Instant> earlier)
    {
        var now = clock.GetStoredInstant();
        var next = import.Stamps.IsEmpty ? now : Instant.Max(now, import.Stamps[^1] + Duration.FromTicks(10));
        return import with { Stamps = [.. earlier, next], ProgressAt = UsageImports.RealTime() };
    }

    private static async Task<T> GuardAsync<T>(UsageImport import, Func<Task<T>> read)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Invalid)
        {
            throw new ImportBroken(import, refusal.Message);
        }
        catch (InvalidDataException)
        {
            throw new ImportBroken(import, "The compressed file is damaged or was cut off.");
        }
    }

    private async Task<UsageImport> EndAsync(UsageImport import, CancellationToken cancellationToken) =>
        await SaveAsync(import, cancellationToken).ConfigureAwait(false) ?? await LatestAsync(import, cancellationToken).ConfigureAwait(false);

    private async Task<UsageImport?> SaveAsync(UsageImport import, CancellationToken cancellationToken) =>
        await store.SaveAsync(import.Tenant, [import], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved ? import.WithVersion(import.Version + 1) : null;

    private async Task<UsageImport> LatestAsync(UsageImport import, CancellationToken cancellationToken) =>
        await store.FindAsync(import.Tenant, import.Id.ToString(), cancellationToken).ConfigureAwait(false) ?? import;

    private sealed class ImportBroken(UsageImport import, string message) : Exception(message)
    {
        public UsageImport Import { get; } = import;
    }
}
