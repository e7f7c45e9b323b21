using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Puts a draft in the place of an invoice that was withdrawn, so that it can be corrected and issued under a new number.</summary>
public static class Reissue
{
    /// <summary>The withdrawn invoice and its replacement, each knowing the other; the replacement has the same lines, discounts and decided taxes, these of what is left without credit, as it has none yet.</summary>
    /// <param name="invoice">A withdrawn invoice, or an open one on which nothing was paid: that is withdrawn with this.</param>
    /// <param name="number">The place of the replacement among the corrections of a subscription's bills; not looked at for a one-off.</param>
    /// <param name="at">When.</param>
    /// <exception cref="BillingException">It is a draft, was paid or credited, or was replaced before.</exception>
    public static (Invoice Withdrawn, Invoice Replacement) Of(Invoice invoice, Func<SubscriptionId, int> number, Instant at)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        if (invoice.Status is InvoiceStatus.Draft || invoice.ReplacedBy is not null)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The invoice '{invoice.Id}' {(invoice.ReplacedBy is { } by ? $"was replaced by '{by}' already" : "is a draft; change it instead")}.");
        }

        var withdrawn = invoice.Status is InvoiceStatus.Canceled ? invoice : invoice.Cancel();
        var id = EntityId.Derive<InvoiceId>(at, $"{invoice.Tenant}/{invoice.Id}/replacement");
        var bound = invoice.Subscriptions().Any();
        int? place = invoice.Subscription is { } only ? number(only) : null;
        var replacement = invoice with
        {
            Id = id,
            Kind = bound ? InvoiceKind.Replacement : invoice.Kind,
            Sequence = place ?? invoice.Sequence,
            Correction = place,
            Sections = [.. invoice.Sections.Select(section => section with { Sequence = number(section.Subscription), Correction = number(section.Subscription) })],
            Status = InvoiceStatus.Draft,
            Replaces = invoice.Id,
            Lines = [.. invoice.Lines.Select((line, index) => line with { Id = InvoiceCalculator.LineIdOf(id, at, index), Credit = null })],
            Credits = [],
            Number = null,
            IssuedAt = null,
            DueAt = null,
            Sent = [],
            Edits = [],
            CreatedAt = at,
            Version = 0,
        };
        return (withdrawn with { ReplacedBy = id }, InvoiceSettlement.Settle(replacement, [], TaxDecision.Of(replacement), at).Invoice);
    }
}
