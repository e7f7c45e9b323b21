using System.Collections.Concurrent;
using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis;

/// <summary>The metrics that count usage, kept at hand: intake needs them for every event.</summary>
/// <remarks>A metric that this process saves counts from the next event on; one that another process saves, after a second at most.</remarks>
internal sealed class MetricCatalog(IStore<Metric> store)
{
    private const long MaxAgeMilliseconds = 1_000;
    private readonly ConcurrentDictionary<TenantId, Entry> _entries = [];
    private long _saves;

    public async Task<ImmutableArray<Metric>> ActiveAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        // The age of a copy is a matter of the machine, not of billing time, which a test may hold still.
        if (_entries.TryGetValue(tenant, out var known) && Environment.TickCount64 - known.At < MaxAgeMilliseconds)
        {
            return known.Metrics;
        }

        var (saves, at) = (Interlocked.Read(ref _saves), Environment.TickCount64);
        var metrics = await ReadAsync(tenant, cancellationToken).ConfigureAwait(false);
        if (saves == Interlocked.Read(ref _saves))
        {
            _entries[tenant] = new Entry(metrics, at);
        }

        return metrics;
    }

    public Task<Metric?> FindAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => store.FindAsync(tenant, reference, cancellationToken);

    /// <summary>All that ever counted, archived ones among them, as they are stored.</summary>
    public async Task<IReadOnlyList<Metric>> AllAsync(TenantId tenant, CancellationToken cancellationToken) =>
        await store.AllAsync(tenant, new StoreQuery { Limit = Limits.PageSize }, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Reads the tenant's metrics anew for the next event.</summary>
    public void Forget(TenantId tenant)
    {
        // What a reader is reading right now may be older than what was saved: it must not be kept.
        Interlocked.Increment(ref _saves);
        _entries.TryRemove(tenant, out _);
    }

    private async Task<ImmutableArray<Metric>> ReadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("archived", "false");
        return [.. await store.AllAsync(tenant, query, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false)];
    }

    private sealed record Entry(ImmutableArray<Metric> Metrics, long At);
}
