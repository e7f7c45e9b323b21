using NodaTime;

namespace BillApis;

/// <summary>Keeps runs and finds those that nobody carries out any more. Implementations must pass <c>InvoiceRunStoreConformance</c>.</summary>
public interface IInvoiceRunStore : IStore<InvoiceRun>
{
    /// <summary>Runs of all tenants that are not done and made no progress since an instant, oldest first.</summary>
    Task<IReadOnlyList<InvoiceRun>> StalledAsync(Instant since, int limit, CancellationToken cancellationToken);
}
