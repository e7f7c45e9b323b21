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

    /// <summary>The series that documents of a tenant took numbers from, each with its last number and the hash of its last sealed document, in the order of their names.</summary>
    Task<IReadOnlyList<DocumentChain>> SeriesAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Stores invoices with all that stands or falls with them, or nothing.</summary>
    /// <returns><see cref="SaveResult.Conflict"/> where someone else changed or made one of the things first; nothing is stored then.</returns>
    Task<SaveResult> SaveAsync(TenantId tenant, InvoiceWrite write, CancellationToken cancellationToken);

    /// <summary>Open invoices of all tenants whose due date has passed and that are not marked overdue yet.</summary>
    Task<IReadOnlyList<Invoice>> PastDueAsync(Instant now, int limit, CancellationToken cancellationToken);
}

/// <summary>Invoices and what is stored in the same transaction.</summary>
/// <param name="Invoices">The invoices.</param>
/// <param name="Events">What happened.</param>
public sealed record InvoiceWrite(IReadOnlyList<Invoice> Invoices, IReadOnlyList<BillingEvent> Events)
{
    /// <summary>The grants that the invoices used, gave back or became, with their new entries.</summary>
    public IReadOnlyList<CreditGrant> Grants { get; init; } = [];

    /// <summary>The subscriptions whose boundaries they bill.</summary>
    public IReadOnlyList<Subscription> Subscriptions { get; init; } = [];

    /// <summary>How what they charge in advance is earned.</summary>
    public IReadOnlyList<RevenueSchedule> Schedules { get; init; } = [];
}
