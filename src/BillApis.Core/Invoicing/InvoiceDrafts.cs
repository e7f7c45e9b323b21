using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>What people change of drafts; each change is kept with who made it, and taxes are decided anew.</summary>
public sealed class InvoiceDrafts
{
    private const string Kind = "invoice";
    private readonly IInvoiceStore _store;
    private readonly Settlements _settlements;
    private readonly IClock _clock;

    internal InvoiceDrafts(IInvoiceStore store, Settlements settlements, IClock clock) => (_store, _settlements, _clock) = (store, settlements, clock);

    /// <summary>Adds a line to a draft.</summary>
    /// <param name="tenant">Whose draft it is.</param>
    /// <param name="reference">The draft's id.</param>
    /// <param name="line">What is charged, or where the unit amount is negative, taken off.</param>
    /// <param name="by">Who adds it, for the record.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="BillingException">There is none such, it is not a draft, or the line breaks a rule.</exception>
    public Task<Invoice> AddLineAsync(TenantId tenant, string reference, NewInvoiceLine line, string? by = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(line);
        var id = EntityId.New<InvoiceLineId>();
        return ChangeAsync(tenant, reference, (draft, now) => draft.AddLine(line.ToLine(id, draft.Currency), now, by), cancellationToken);
    }

    /// <summary>Changes a line that was added by hand.</summary>
    /// <param name="tenant">Whose draft it is.</param>
    /// <param name="reference">The draft's id.</param>
    /// <param name="line">The line.</param>
    /// <param name="change">Makes the new line from the old one.</param>
    /// <param name="by">Who changes it, for the record.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="BillingException">There is none such, it is not a draft, or the line was calculated or breaks a rule.</exception>
    public Task<Invoice> ChangeLineAsync(TenantId tenant, string reference, InvoiceLineId line, Func<NewInvoiceLine, NewInvoiceLine> change, string? by = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return ChangeAsync(
            tenant,
            reference,
            (draft, now) => draft.ChangeLine(line, before => Changed(before).ToLine(line, draft.Currency), now, by),
            cancellationToken);

        NewInvoiceLine Changed(InvoiceLine before) =>
            change(new NewInvoiceLine(before.Description, before.UnitAmount ?? 0, before.Quantity, before.TaxCategory, before.Period)) ?? throw new InvalidOperationException($"The change made nothing of the line '{line}'.");
    }

    /// <summary>Takes a line off that was added by hand.</summary>
    /// <exception cref="BillingException">There is none such, it is not a draft, or the line was calculated.</exception>
    public Task<Invoice> RemoveLineAsync(TenantId tenant, string reference, InvoiceLineId line, string? by = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(tenant, reference, (draft, now) => draft.RemoveLine(line, now, by), cancellationToken);

    /// <summary>Sets the notes and the purchase order of a draft; null takes one off.</summary>
    /// <exception cref="BillingException">There is none such, it is not a draft, or a text is too long.</exception>
    public Task<Invoice> DescribeAsync(TenantId tenant, string reference, string? notes, string? purchaseOrder, string? by = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(tenant, reference, (draft, now) => draft.Describe(notes, purchaseOrder, now, by), cancellationToken);

    private Task<Invoice> ChangeAsync(TenantId tenant, string reference, Func<Invoice, Instant, Invoice> change, CancellationToken cancellationToken) =>
        _store.ChangeAsync<Invoice>(
            tenant,
            Kind,
            reference,
            async before =>
            {
                var now = _clock.GetCurrentInstant();
                var changed = change(before, now);
                MoneyCheck.Together("unit_amount", changed.Lines.Where(line => line.Kind is LineKind.OneOff));

                // What a boundary is billed shows the credit that it will use, as whenever it is made anew.
                var after = await (before.Kind is InvoiceKind.Subscription or InvoiceKind.Consolidated ? _settlements.SettledAsync(changed, cancellationToken) : _settlements.TaxedAsync(changed, cancellationToken)).ConfigureAwait(false);
                return (after, [new BillingEvent("invoice.edited", before.Id.ToString(), now)]);
            },
            cancellationToken);
}
