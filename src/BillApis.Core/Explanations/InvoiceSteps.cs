using System.Collections.Immutable;
using System.Globalization;
using BillApis.Invoicing;
using BillApis.Pricing;

namespace BillApis;

/// <summary>Tells the way from a price to a line, and from the lines to what is due, one sentence a step.</summary>
internal static class InvoiceSteps
{
    /// <summary>How the amount of a line came about.</summary>
    public static ImmutableArray<string> Of(InvoiceLine line, PriceTerms? terms, Rated? rated, Invoice invoice) => [
        .. line.Kind switch
        {
            LineKind.Minimum => Bound(line, terms?.MinimumAmount, "minimum", invoice),
            LineKind.Maximum => Bound(line, terms?.MaximumAmount, "maximum", invoice),
            LineKind.Adjustment => Adjustment(line, rated),
            LineKind.UnusedTime => [Text($"{-line.Amount} of what the line {line.GivesBack} charged in advance, for {line.Factor} of its period")],
            _ => rated is { } known ? Rated(line, known) : OneOff(line),
        },
        .. Deductions(line),
        .. line.Taxes.Select(tax => TaxStep(line, tax))];

    /// <summary>From the lines to what is due.</summary>
    public static ImmutableArray<string> Of(Invoice invoice) => [
        Text($"subtotal {invoice.Subtotal}: the sum of {invoice.Lines.Length} lines"),
        .. invoice.Discounts.Select(discount => discount.IsCorrection
            ? Text($"{(discount.Amount < Money.Zero(invoice.Currency) ? "+" : "−")} {(discount.Amount < Money.Zero(invoice.Currency) ? -discount.Amount : discount.Amount)} by the coupon '{discount.Description}' on what is adjusted of earlier invoices")
            : Text($"− {discount.Amount} by the coupon '{discount.Description}'")),
        .. invoice.Credits.Where(use => use.Category is CreditCategory.Promotional).Select(use => Text($"− {use.Amount} of the promotional credit {use.Grant}")),
        .. invoice.TaxLines.Select(TaxStep),
        Text($"total {invoice.Total}"),
        .. invoice.Credits.Where(use => use.Category is CreditCategory.Paid).Select(use => Text($"paid {use.Amount} by the credit {use.Grant}")),
        .. invoice.Payments.Select(payment => Text($"paid {payment.Amount}{(payment.Reference is { } reference ? $" ({reference})" : "")}")),
        .. invoice.CreditMemos.Where(credit => !credit.Applied.IsZero).Select(credit => Text($"− {credit.Applied} by the credit memo {credit.Memo}")),
        Text($"due {invoice.Due}")];

    /// <summary>How a line of a credit memo came about.</summary>
    public static ImmutableArray<string> Of(CreditMemoLine line, InvoiceLine billed) => [
        .. line.Adjustment is { Adjustment: { } now } ? [Text($"{Exact.Format(now.Quantity)} units cost {now.Amount} by now, and {now.Billed} was billed")] : Array.Empty<string>(),
        Text($"{line.Net} of the line's {billed.NetOfTax} and {line.Tax} of its tax of {billed.Gross - billed.NetOfTax}")];

    /// <summary>From the lines of a credit memo to what became of it.</summary>
    public static ImmutableArray<string> Of(CreditMemo memo) => [
        Text($"total {memo.Total}, with taxes of {memo.TaxTotal}"),
        Text($"{memo.Applied} lessened what was due"),
        Text($"{memo.Returned} had been paid and {(memo.Refund ? "is to be refunded" : "became the customer's credit")}")];

    private static ImmutableArray<string> Rated(InvoiceLine line, Rated rated)
    {
        if (line.Kind is LineKind.Usage || line.Factor.IsWhole)
        {
            return rated.Steps;
        }

        // The one rounding comes after the part of the period is taken.
        return [.. rated.Steps.SkipLast(1), Text($"× {line.Factor} of the period = {Exact.Format(line.Factor.Apply(rated.Amount))}"), Text($"rounded half away from zero to {line.Amount}")];
    }

    private static IEnumerable<string> OneOff(InvoiceLine line) => line.UnitAmount is { } unit && line.Kind is LineKind.OneOff
        ? [Text($"{Exact.Format(line.Quantity)} × {Exact.Format(unit)} = {Exact.Format(Exact.Multiply(line.Quantity, unit))}"), Text($"rounded half away from zero to {line.Amount}")]
        : [Text($"{line.Amount}")];

    private static IEnumerable<string> Bound(InvoiceLine line, decimal? bound, string word, Invoice invoice)
    {
        var others = invoice.Lines.Where(item => item.Price == line.Price && item.Subscription == line.Subscription && item.Period == line.Period && item.Kind is not (LineKind.Minimum or LineKind.Maximum or LineKind.Adjustment))
            .Aggregate(Money.Zero(invoice.Currency), (sum, item) => sum + item.Amount);
        var part = line.Factor.IsWhole || bound is null ? "" : $" × {line.Factor} = {Exact.Format(line.Factor.Apply(bound.Value))}";
        return bound is null ? [Text($"{line.Amount}")] : [Text($"{word} {Exact.Format(bound.Value)}{part}"), Text($"the lines of the price come to {others}, which makes {line.Amount}")];
    }

    private static IEnumerable<string> Adjustment(InvoiceLine line, Rated? rated) => [
        .. rated?.Steps ?? [],
        .. line.Adjustment is { } now ? [Text($"{Exact.Format(now.Quantity)} units cost {now.Amount} by now, {now.Billed} was billed, which makes {line.Amount}")] : Array.Empty<string>()];

    private static IEnumerable<string> Deductions(InvoiceLine line)
    {
        if (line.Discount is { } discount)
        {
            yield return Text($"− {discount}, its share of the coupons");
        }

        if (line.Credit is { } credit)
        {
            yield return Text($"− {credit}, its share of the promotional credit");
        }
    }

    private static string TaxStep(InvoiceLine line, LineTax tax) => tax.Tax.Treatment is TaxTreatment.Standard
        ? Text($"{tax.Tax.Name} {Exact.Format(tax.Tax.Percentage)} % {(tax.Tax.Inclusive ? "in" : "on")} {(tax.Tax.Inclusive ? line.Net : line.NetOfTax)}: {tax.Amount}, its share of the invoice's tax")
        : Text($"{tax.Tax.Name}: none ({Reason(tax.Tax)})");

    private static string TaxStep(TaxLine tax) => tax.Tax.Treatment is TaxTreatment.Standard
        ? Text($"{(tax.Tax.Inclusive ? "" : "+ ")}{tax.Amount} {tax.Tax.Name} {Exact.Format(tax.Tax.Percentage)} % of {tax.Base}{(tax.Tax.Inclusive ? ", in the prices" : "")}")
        : Text($"no {tax.Tax.Name} on {tax.Base} ({Reason(tax.Tax)})");

    private static string Reason(Tax tax) => tax.Treatment is TaxTreatment.Exempt ? "the customer is exempt" : "reverse charge: the customer accounts for it";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
