using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>
/// Keeps invoices, and gives each its number in the transaction that stores it as issued: gapless in its series, whatever fails, and a seal that ties it to the one before it.
/// Implementations must pass <c>InvoiceStoreConformance</c>.
/// </summary>
public interface IInvoiceStore : IStore<Invoice>
{
    /// <summary>Stores an invoice together with the credit memo that took back a part of it, or was withdrawn, the credit that came of it, and the events, or nothing. A new credit memo takes the next number of its series.</summary>
    /// <returns><see cref="SaveResult.Conflict"/> where someone else changed one of them first; nothing is stored then.</returns>
    Task<SaveResult> SaveAsync(TenantId tenant, Invoice invoice, CreditMemo memo, IReadOnlyList<CreditGrant> grants, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken);

    /// <summary>The last number that a correction of each subscription's bills took; 0 for none.</summary>
    Task<IReadOnlyDictionary<SubscriptionId, int>> CountCorrectionsAsync(TenantId tenant, IReadOnlyList<SubscriptionId> subscriptions, CancellationToken cancellationToken);

    /// <summary>Takes the number of a correction that corrects nothing; false where another has it. An invoice with a <see cref="Invoice.Correction"/> takes its number as it is stored, or is a conflict.</summary>
    Task<bool> TakeCorrectionAsync(TenantId tenant, SubscriptionId subscription, int number, CancellationToken cancellationToken);

    /// <summary>Stores invoices together with the grants that they used or gave back, their entries and the events, or nothing.</summary>
    /// <returns><see cref="SaveResult.Conflict"/> where someone else changed an invoice or a grant first; nothing is stored then.</returns>
    Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<Invoice> invoices, IReadOnlyList<CreditGrant> grants, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken);

    /// <summary>The series that documents of a tenant took numbers from, each with its last number and the hash of its last sealed document, in the order of their names.</summary>
    Task<IReadOnlyList<DocumentChain>> SeriesAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>The same together with the subscriptions whose boundaries the invoices bill.</summary>
    /// <returns><see cref="SaveResult.Conflict"/> where someone else changed an invoice, a grant or a subscription first; nothing is stored then.</returns>
    Task<SaveResult> SaveAsync(
        TenantId tenant, IReadOnlyList<Invoice> invoices, IReadOnlyList<CreditGrant> grants, IReadOnlyList<Subscription> subscriptions, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken);

    /// <summary>Open invoices of all tenants whose due date has passed and that are not marked overdue yet.</summary>
    Task<IReadOnlyList<Invoice>> PastDueAsync(Instant now, int limit, CancellationToken cancellationToken);
}
