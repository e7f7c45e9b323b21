using System.Collections.Immutable;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis.AspNetCore;

internal sealed record InvoiceResponse(
    InvoiceId Id, string? Number, InvoiceStatus Status, InvoiceKind Kind, CustomerId? CustomerId, SubscriptionId? SubscriptionId, ImmutableArray<SubscriptionId> SubscriptionIds, Currency Currency, Period? Period,
    ImmutableArray<SectionResponse> Sections, ImmutableArray<InvoiceLineResponse> Lines, decimal Subtotal, ImmutableArray<DiscountResponse> Discounts, decimal DiscountTotal,
    ImmutableArray<CreditUseResponse> Credits, decimal CreditTotal, ImmutableArray<TaxLineResponse> TaxLines, decimal TaxTotal, decimal Total,
    decimal AmountPaid, decimal AmountCredited, decimal AmountGranted, decimal AmountDue, ImmutableArray<PaymentResponse> Payments, Instant CreatedAt, Instant? IssuedAt, Instant? DueAt, Instant? PaidAt, Instant? SentAt,
    string? PurchaseOrder, string? Notes, LegalEntityId? LegalEntityId, InvoiceParty? Seller, InvoiceParty? BillTo, string? Locale, InvoiceId? Replaces, InvoiceId? ReplacedBy, ImmutableArray<InvoiceEdit> Edits, string? Hash)
{
    public static InvoiceResponse From(Invoice invoice) => new(
        invoice.Id, invoice.DisplayNumber, invoice.Status, invoice.Kind, invoice.Customer == default ? null : invoice.Customer, invoice.Subscription, [.. invoice.Subscriptions()], invoice.Currency, PeriodOf(invoice.Period),
        [.. invoice.Sections.Select(section => SectionResponse.From(section, invoice))], [.. invoice.Lines.Select(InvoiceLineResponse.From)], invoice.Subtotal.Amount, [.. invoice.Discounts.Select(DiscountResponse.From)], invoice.DiscountTotal.Amount,
        [.. invoice.Credits.Select(CreditUseResponse.From)], invoice.CreditTotal.Amount, [.. invoice.TaxLines.Select(TaxLineResponse.From)], invoice.TaxTotal.Amount, invoice.Total.Amount,
        invoice.Paid.Amount, invoice.Credited.Amount, invoice.Granted.Amount, invoice.Due.Amount, [.. invoice.Payments.Select(PaymentResponse.From)], invoice.CreatedAt, invoice.IssuedAt, invoice.DueAt, invoice.PaidAt,
        invoice.Sent.IsEmpty ? null : invoice.Sent[^1].At, invoice.PurchaseOrder, invoice.Notes, invoice.LegalEntity, invoice.Seller, invoice.BillTo, invoice.Locale, invoice.Replaces, invoice.ReplacedBy, invoice.Edits, invoice.Seal?.Hash);

    public static Period? PeriodOf(Interval? interval) => interval is { } period ? AspNetCore.Period.From(period) : null;
}

internal sealed record InvoiceLineResponse(
    InvoiceLineId Id, LineKind Kind, SubscriptionId? SubscriptionId, PriceId? PriceId, ProductId? ProductId, MetricId? MetricId, string Description, ImmutableSortedDictionary<string, string?> Group, decimal Quantity, decimal? UnitAmount,
    decimal Amount, Period? Period, decimal ProrationFactor, ImmutableArray<TierResponse> Tiers, AdjustmentResponse? Adjustment, string? TaxCategory,
    decimal DiscountAmount, decimal CreditAmount, decimal TaxAmount)
{
    private const int FactorDigits = 12;

    public static InvoiceLineResponse From(InvoiceLine line) => new(
        line.Id, line.Kind, line.Subscription, line.Price, line.Product, line.Metric, line.Description, line.Group, line.Quantity, line.UnitAmount, line.Amount.Amount, InvoiceResponse.PeriodOf(line.Period),
        Math.Round((decimal)line.Factor.Numerator / line.Factor.Denominator, FactorDigits, MidpointRounding.AwayFromZero), [.. line.Tiers.Select(TierResponse.From)],
        AdjustmentResponse.From(line), line.TaxCategory,
        line.Discount?.Amount ?? 0, line.Credit?.Amount ?? 0, line.Taxes.Sum(tax => tax.Amount.Amount));
}

/// <summary>What the whole period comes to now, and what had been billed of it.</summary>
internal sealed record AdjustmentResponse(decimal Quantity, decimal Amount, decimal Billed)
{
    public static AdjustmentResponse? From(InvoiceLine? line) => line?.Adjustment is { } adjustment ? new(adjustment.Quantity, adjustment.Amount.Amount, adjustment.Billed.Amount) : null;
}

/// <summary>What an invoice over several subscriptions charges for one of them, before credits and taxes.</summary>
internal sealed record SectionResponse(SubscriptionId SubscriptionId, string? Description, decimal Subtotal, decimal DiscountTotal)
{
    public static SectionResponse From(InvoiceSection section, Invoice invoice)
    {
        var part = invoice.PartOf(section.Subscription);
        return new(section.Subscription, section.Description, part.Subtotal.Amount, part.DiscountTotal.Amount);
    }
}

internal sealed record DiscountResponse(CouponId CouponId, SubscriptionId? SubscriptionId, string Description, decimal Amount, bool IsCorrection)
{
    public static DiscountResponse From(InvoiceDiscount discount) => new(discount.Coupon, discount.Subscription, discount.Description, discount.Amount.Amount, discount.IsCorrection);
}

internal sealed record CreditUseResponse(CreditGrantId GrantId, CreditCategory Category, decimal Amount)
{
    public static CreditUseResponse From(CreditUse use) => new(use.Grant, use.Category, use.Amount.Amount);
}

internal sealed record TaxLineResponse(
    string Name, string Country, string? Region, string? TaxCategory, decimal Percentage, bool Inclusive, TaxTreatment Treatment, decimal TaxableAmount, decimal Amount, TaxRateId? TaxRateId)
{
    public static TaxLineResponse From(TaxLine line) => new(
        line.Tax.Name, line.Tax.Country, line.Tax.Region, line.Tax.Category, line.Tax.Percentage, line.Tax.Inclusive, line.Tax.Treatment, line.Base.Amount, line.Amount.Amount, line.Tax.Rate);
}

internal sealed record PaymentResponse(PaymentId Id, decimal Amount, string Method, string? Reference, Instant ReceivedAt)
{
    public static PaymentResponse From(InvoicePayment payment) => new(payment.Id, payment.Amount.Amount, "external", payment.Reference, payment.At);
}
