using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>
/// Keeps invoices, and gives each its number in the transaction that stores it as issued: gapless in its series, whatever fails.
/// Implementations must pass <c>InvoiceStoreConformance</c>.
/// </summary>
public interface IInvoiceStore : IStore<Invoice>
{
    /// <summary>Open invoices of all tenants whose due date has passed and that are not marked overdue yet.</summary>
    Task<IReadOnlyList<Invoice>> PastDueAsync(Instant now, int limit, CancellationToken cancellationToken);
}
