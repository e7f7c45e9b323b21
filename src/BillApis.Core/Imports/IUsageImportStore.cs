using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Keeps imports and the files that they read, and finds imports that nobody works on. Implementations must pass <c>UsageImportConformance</c>.</summary>
/// <remarks>Saving an import that is over forgets its file.</remarks>
public interface IUsageImportStore : IStore<UsageImport>
{
    /// <summary>Imports of all tenants that are not over and made no progress since an instant, oldest first.</summary>
    Task<IReadOnlyList<UsageImport>> StalledAsync(Instant since, int limit, CancellationToken cancellationToken);

    /// <summary>Keeps the next part of a file; parts are counted from 0.</summary>
    Task AddPartAsync(TenantId tenant, UsageImportId id, long part, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Reads a part of a file; null behind the last.</summary>
    Task<byte[]?> ReadPartAsync(TenantId tenant, UsageImportId id, long part, CancellationToken cancellationToken);

    /// <summary>How many of the events are stored with one of these arrivals.</summary>
    Task<int> CountAsync(TenantId tenant, IReadOnlyCollection<UsageEvent> events, IReadOnlyCollection<Instant> recordedAt, CancellationToken cancellationToken);
}
