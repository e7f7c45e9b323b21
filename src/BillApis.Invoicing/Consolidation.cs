using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>Puts what several subscriptions of a customer are billed at one boundary onto one invoice, and takes the part of one of them out again.</summary>
public static class Consolidation
{
    /// <summary>One draft over the drafts of a boundary: each subscription keeps its lines and coupons; credits and taxes follow for all of them together.</summary>
    /// <param name="parts">Two drafts or more, of one customer, currency and boundary, each with lines.</param>
    public static Invoice Of(IReadOnlyCollection<Invoice> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ImmutableArray<Invoice> ordered = [.. parts.OrderBy(part => part.Subscription!.Value.ToString(), StringComparer.Ordinal)];
        var first = ordered[0];
        return first with
        {
            Id = EntityId.Derive<InvoiceId>(first.CreatedAt, $"{first.Tenant}/{first.Id}/consolidated"),
            Kind = InvoiceKind.Consolidated,
            Subscription = null,
            Sequence = 0,
            Correction = null,
            Sections = [.. ordered.Select(part => new InvoiceSection(part.Subscription!.Value, part.Sequence, part.Correction))],
            Period = ordered.Select(part => part.Period).OrderBy(period => period is null).ThenBy(period => period?.End != first.CreatedAt).ThenBy(period => period?.Duration).First(),
            Lines = [.. ordered.SelectMany(part => part.Lines.Select(line => line with { Subscription = part.Subscription }))],
            Discounts = [.. ordered.SelectMany(part => part.Discounts.Select(discount => discount with { Subscription = part.Subscription }))],
            Coupons = [.. ordered.SelectMany(part => part.Coupons.Select(coupon => coupon with { Subscription = part.Subscription }))],
        };
    }

    /// <summary>Of an invoice over several subscriptions what it bills for one of them; every other invoice as it is.</summary>
    public static Invoice PartOf(this Invoice invoice, SubscriptionId subscription)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        var section = invoice.Sections.FirstOrDefault(section => section.Subscription == subscription);
        return invoice.Sections.IsEmpty ? invoice : invoice with
        {
            Subscription = subscription,
            Sequence = section?.Sequence ?? 0,
            Correction = section?.Correction,
            Sections = [],
            Lines = [.. invoice.Lines.Where(line => line.Subscription == subscription)],
            Discounts = [.. invoice.Discounts.Where(discount => discount.Subscription == subscription)],
            Coupons = [.. invoice.Coupons.Where(coupon => coupon.Subscription == subscription)],
        };
    }

    /// <summary>The subscriptions that an invoice bills.</summary>
    public static IEnumerable<SubscriptionId> Subscriptions(this Invoice invoice)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        return invoice.Sections.IsEmpty ? new[] { invoice.Subscription }.OfType<SubscriptionId>() : invoice.Sections.Select(section => section.Subscription);
    }

    /// <summary>The places that it takes among the corrections of subscriptions' bills.</summary>
    public static IEnumerable<(SubscriptionId Subscription, int Number)> Corrections(this Invoice invoice)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        var places = invoice.Sections.IsEmpty ? invoice.Subscriptions().Select(subscription => (Subscription: subscription, Number: invoice.Correction)) : invoice.Sections.Select(section => (section.Subscription, Number: section.Correction));
        return places.Where(place => place.Number is not null).Select(place => (place.Subscription, place.Number!.Value));
    }
}
