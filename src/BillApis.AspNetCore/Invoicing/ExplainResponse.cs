using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>An invoice as it is read, with the lines explained and the steps from the lines to what is due.</summary>
internal sealed record ExplainResponse(
    InvoiceId Id, string? Number, InvoiceStatus Status, CustomerId? CustomerId, SubscriptionId? SubscriptionId, Currency Currency, Period? Period, ImmutableArray<LineExplainResponse> Lines,
    decimal Subtotal, ImmutableArray<DiscountResponse> Discounts, decimal DiscountTotal, ImmutableArray<CreditUseResponse> Credits, decimal CreditTotal,
    ImmutableArray<TaxLineResponse> TaxLines, decimal TaxTotal, decimal Total, decimal AmountPaid, decimal AmountCredited, decimal AmountDue, ImmutableArray<string> Steps)
{
    public static ExplainResponse From(InvoiceExplanation explained)
    {
        var invoice = InvoiceResponse.From(explained.Invoice);
        return new(
            invoice.Id, invoice.Number, invoice.Status, invoice.CustomerId, invoice.SubscriptionId, invoice.Currency, invoice.Period, [.. explained.Lines.Select(LineExplainResponse.From)],
            invoice.Subtotal, invoice.Discounts, invoice.DiscountTotal, invoice.Credits, invoice.CreditTotal,
            invoice.TaxLines, invoice.TaxTotal, invoice.Total, invoice.AmountPaid, invoice.AmountCredited, invoice.AmountDue, explained.Steps);
    }
}

/// <summary>A line: what it says, the price that made it, the tiers that the quantity went through, the part of the period, and the usage.</summary>
internal sealed record LineExplainResponse(
    InvoiceLineId Id, LineKind Kind, SubscriptionId? SubscriptionId, string Description, MetricId? MetricId, ImmutableSortedDictionary<string, string?> Group, decimal Quantity, decimal? UnitAmount, decimal Amount, Period? Period,
    PriceResponse? Price, ImmutableArray<TierResponse> Tiers, ProrationResponse Proration, AdjustmentResponse? Adjustment, InvoiceLineId? GivesBackLineId, InvoiceLineId? CorrectsLineId, UsageOriginResponse? Usage,
    decimal DiscountAmount, decimal CreditAmount, ImmutableArray<LineTaxResponse> Taxes, ImmutableArray<string> Steps, bool Agrees)
{
    public static LineExplainResponse From(LineExplanation explained)
    {
        var (line, response) = (explained.Line, InvoiceLineResponse.From(explained.Line));
        return new(
            response.Id, response.Kind, response.SubscriptionId, response.Description, response.MetricId, response.Group, response.Quantity, response.UnitAmount, response.Amount, response.Period,
            explained.Price is { } price ? PriceResponse.From(price) : null, response.Tiers, new ProrationResponse(explained.Price?.Terms.Proration, line.Factor.Numerator, line.Factor.Denominator, response.ProrationFactor),
            response.Adjustment, line.GivesBack, line.Corrects, explained.Usage is { } usage ? UsageOriginResponse.From(usage) : null,
            response.DiscountAmount, response.CreditAmount, [.. line.Taxes.Select(LineTaxResponse.From)], explained.Steps, explained.Agrees);
    }
}

/// <summary>The part of the whole period that is charged, as an exact ratio.</summary>
internal sealed record ProrationResponse(Pricing.Proration? Proration, long Numerator, long Denominator, decimal Factor);

internal sealed record LineTaxResponse(string Name, string Country, string? Region, decimal Percentage, bool Inclusive, TaxTreatment Treatment, decimal Amount, TaxRateId? TaxRateId)
{
    public static LineTaxResponse From(LineTax tax) => new(tax.Tax.Name, tax.Tax.Country, tax.Tax.Region, tax.Tax.Percentage, tax.Tax.Inclusive, tax.Tax.Treatment, tax.Amount.Amount, tax.Tax.Rate);
}

/// <summary>The usage that a line charges for: totals by window, and a page of its events.</summary>
internal sealed record UsageOriginResponse(
    MetricId MetricId, string MetricCode, Period Period, decimal Quantity, long EventCount, UsageWindow Window, ImmutableArray<UsageTotalResponse> Totals, ImmutableArray<OriginEventResponse> Events, string? NextCursor)
{
    public static UsageOriginResponse From(UsageOrigin origin) => new(
        origin.Metric.Id, origin.Metric.Code, AspNetCore.Period.From(origin.Period), origin.Quantity, origin.EventCount, origin.Window,
        [.. origin.Totals.Select(row => new UsageTotalResponse(row.Window.Start, row.Window.End, row.Value, row.Events))],
        [.. origin.Events.Items.Select(item => new OriginEventResponse(item.Event.Id, item.Event.Source, item.At, item.Value))],
        origin.Events.Next is { } next ? Cursor.Write(next) : null);
}

internal sealed record UsageTotalResponse(Instant Start, Instant End, decimal Value, long Events);

internal sealed record OriginEventResponse(string Id, string Source, Instant Timestamp, decimal Value);

/// <summary>A credit memo with its lines, each with the line of the invoice that it takes back a part of.</summary>
internal sealed record CreditMemoExplainResponse(CreditMemoId Id, string? Number, CreditMemoStatus Status, InvoiceId InvoiceId, string? InvoiceNumber, Currency Currency, decimal Total, ImmutableArray<MemoLineExplainResponse> Lines, ImmutableArray<string> Steps)
{
    public static CreditMemoExplainResponse From(CreditMemoExplanation explained) => new(
        explained.Memo.Id, explained.Memo.DisplayNumber, explained.Memo.Status, explained.Invoice.Id, explained.Invoice.DisplayNumber, explained.Memo.Currency, explained.Memo.Total.Amount,
        [.. explained.Lines.Select(line => new MemoLineExplainResponse(line.Line.Description, line.Line.Net.Amount, line.Line.Tax.Amount, line.Line.Gross.Amount, LineExplainResponse.From(line.Billed), line.Steps))], explained.Steps);
}

internal sealed record MemoLineExplainResponse(string Description, decimal Net, decimal TaxAmount, decimal Amount, LineExplainResponse InvoiceLine, ImmutableArray<string> Steps);
