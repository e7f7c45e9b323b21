using System.Collections.Immutable;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis.AspNetCore;

internal sealed record InvoiceResponse(
    InvoiceId Id, string? Number, InvoiceStatus Status, InvoiceKind Kind, CustomerId? CustomerId, SubscriptionId? SubscriptionId, Currency Currency, Period? Period,
    ImmutableArray<InvoiceLineResponse> Lines, decimal Subtotal, decimal DiscountTotal, decimal CreditTotal, ImmutableArray<TaxLineResponse> TaxLines, decimal TaxTotal, decimal Total,
    decimal AmountPaid, decimal AmountDue, ImmutableArray<PaymentResponse> Payments, Instant CreatedAt, Instant? IssuedAt, Instant? DueAt, Instant? PaidAt)
{
    public static InvoiceResponse From(Invoice invoice) => new(
        invoice.Id, invoice.DisplayNumber, invoice.Status, invoice.Kind, invoice.Customer == default ? null : invoice.Customer, invoice.Subscription, invoice.Currency, PeriodOf(invoice.Period),
        [.. invoice.Lines.Select(InvoiceLineResponse.From)], invoice.Subtotal.Amount, 0, 0, [], 0, invoice.Total.Amount,
        invoice.Paid.Amount, invoice.Due.Amount, [.. invoice.Payments.Select(PaymentResponse.From)], invoice.CreatedAt, invoice.IssuedAt, invoice.DueAt, invoice.PaidAt);

    public static Period? PeriodOf(Interval? interval) => interval is { } period ? AspNetCore.Period.From(period) : null;
}

internal sealed record InvoiceLineResponse(
    InvoiceLineId Id, LineKind Kind, PriceId? PriceId, MetricId? MetricId, string Description, ImmutableSortedDictionary<string, string?> Group, decimal Quantity, decimal? UnitAmount,
    decimal Amount, Period? Period, decimal ProrationFactor, ImmutableArray<TierResponse> Tiers, string? TaxCategory)
{
    private const int FactorDigits = 12;

    public static InvoiceLineResponse From(InvoiceLine line) => new(
        line.Id, line.Kind, line.Price, line.Metric, line.Description, line.Group, line.Quantity, line.UnitAmount, line.Amount.Amount, InvoiceResponse.PeriodOf(line.Period),
        Math.Round((decimal)line.Factor.Numerator / line.Factor.Denominator, FactorDigits, MidpointRounding.AwayFromZero), [.. line.Tiers.Select(TierResponse.From)], line.TaxCategory);
}

internal sealed record TaxLineResponse(string Name, decimal Rate, decimal Amount);

internal sealed record PaymentResponse(PaymentId Id, decimal Amount, string Method, string? Reference, Instant ReceivedAt)
{
    public static PaymentResponse From(InvoicePayment payment) => new(payment.Id, payment.Amount.Amount, "external", payment.Reference, payment.At);
}
