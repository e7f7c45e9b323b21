using System.Collections.Immutable;
using System.Globalization;
using BillApis.Invoicing;
using BillApis.Pricing;

namespace BillApis;

/// <summary>Tells the way from a price to a line, and from the lines to what is due, one sentence a step.</summary>
internal static class InvoiceSteps
{
    /// <summary>How the amount of a line came about.</summary>
    public static ImmutableArray<string> Of(InvoiceLine line, PriceTerms? terms, Rated? rated, Invoice invoice) => Of(line, line.Kind switch
    {
        LineKind.Minimum => Bound(line, terms?.MinimumAmount, "minimum", invoice),
        LineKind.Maximum => Bound(line, terms?.MaximumAmount, "maximum", invoice),
        _ => rated is { } known ? Rated(line, known) : OneOff(line),
    });

    /// <summary>The same, with what was done to the amount after.</summary>
    public static ImmutableArray<string> Of(InvoiceLine line, IEnumerable<string> steps) => [.. steps, .. Deductions(line), .. line.Taxes.Select(tax => TaxStep(line, tax))];

    /// <summary>The amount alone, where it is not known any more what it follows from.</summary>
    public static ImmutableArray<string> OfAmount(InvoiceLine line) => [Text($"{line.Amount}")];

    /// <summary>How much is missing to a commitment.</summary>
    public static ImmutableArray<string> Missing(InvoiceLine line, CommittedPeriod before, Money billed, Money mine) => [
        Text($"commitment of {before.Of.Committed}{(line.Factor.IsWhole ? "" : $", for {line.Factor} of its interval")}"),
        Text($"{billed} of it was billed before, {mine} is on this invoice, both before coupons and credit{(before.TrueUp.IsZero ? "" : $", and {before.TrueUp} was charged as missing")}"),
        Text($"which makes {line.Amount}")];

    /// <summary>How much is given back of a line that was billed in advance.</summary>
    public static ImmutableArray<string> Unused(InvoiceLine line, Invoice bill, InvoiceLine advanced, AskedBack back, bool isLess) => [
        Text($"the line {advanced.Id} of {bill.DisplayNumber ?? bill.Id.ToString()} charged {advanced.Amount} in advance{(advanced.Net == advanced.Amount ? "" : $", {advanced.Net} after coupons and promotional credit")}"),
        Text($"{back.Part} of {(back.IsOfLine ? "that" : "the period at its price")} = {Exact.Format(back.Asked)}{(back.Discounted == back.Asked ? "" : $", and in the ratio of what was left = {Exact.Format(Math.Round(back.Discounted, Limits.FractionDigits, MidpointRounding.AwayFromZero))}")}"),
        Text($"{(isLess ? "not more than was left of it is" : "rounded half away from zero and")} given back: {line.Amount}")];

    /// <summary>What coupons take off a line of an earlier invoice by now.</summary>
    public static ImmutableArray<string> Moved(InvoiceLine line, Invoice bill, InvoiceLine billed, Money taken) => [
        Text($"coupons took {taken} off the line {billed.Id} of {bill.DisplayNumber ?? bill.Id.ToString()}, which charged {billed.Amount}"),
        Text($"with what is adjusted of that invoice they take {taken + line.Discount!.Value}, since each line has its share of them")];

    /// <summary>From the lines to what is due.</summary>
    public static ImmutableArray<string> Of(Invoice invoice, IReadOnlyCollection<Redemption> coupons) => [
        Text($"subtotal {invoice.Subtotal}: the sum of {invoice.Lines.Length} {(invoice.Lines.Length == 1 ? "line" : "lines")}"),
        .. invoice.Discounts.Select(discount => discount.IsCorrection
            ? Text($"{Off(discount.Amount)} by the coupon '{discount.Description}' on what is adjusted of earlier invoices")
            : Text($"− {discount.Amount} by the coupon '{discount.Description}'{TermsOf(discount, coupons)}")),
        .. invoice.Credits.Where(use => use.Category is CreditCategory.Promotional).Select(use => Text($"− {use.Amount} of the promotional credit {use.Grant}")),
        .. invoice.TaxLines.Select(TaxStep),
        Text($"total {invoice.Total}"),
        .. invoice.Credits.Where(use => use.Category is CreditCategory.Paid).Select(use => Text($"paid {use.Amount} by the credit {use.Grant}")),
        .. invoice.Payments.Select(payment => Text($"paid {payment.Amount}{(payment.Reference is { } reference ? $" ({reference})" : "")}")),
        .. invoice.CreditMemos.Where(credit => !credit.Applied.IsZero).Select(credit => Text($"− {credit.Applied} by the credit memo {credit.Memo}")),
        .. invoice.Granted.IsZero ? Array.Empty<string>() : [Text($"{invoice.Granted} became the customer's credit")],
        Text($"due {invoice.Due}")];

    private static string TermsOf(InvoiceDiscount discount, IReadOnlyCollection<Redemption> coupons) => coupons.FirstOrDefault(coupon => coupon.Coupon == discount.Coupon)?.Terms switch
    {
        { PercentOff: { } percent } => $" ({Exact.Format(percent)} %)",
        { AmountOff: { } amount } => $" ({amount} off)",
        _ => "",
    };

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

        if (line.Before is { } before)
        {
            return [.. rated.Steps.SkipLast(1), .. PartAfter(before, line.Factor, "", rated.Amount, line.Amount)];
        }

        // The one rounding comes after the part of the period is taken.
        return [.. rated.Steps.SkipLast(1), Text($"× {line.Factor} of the period = {Exact.Format(line.Factor.Apply(rated.Amount))}"), Text($"rounded half away from zero to {line.Amount}")];
    }

    private static ImmutableArray<string> PartAfter(ProrationFactor before, ProrationFactor factor, string of, decimal whole, Money part)
    {
        var (both, billed) = (before + factor, Money.Round(before.Apply(whole), part.Currency));
        return [Text($"{of}× {both} of the period = {Exact.Format(both.Apply(whole))}, rounded half away from zero to {part + billed}"), Text($"less {billed} for the {before} before it, that all parts add up to the whole: {part}")];
    }

    private static IEnumerable<string> OneOff(InvoiceLine line) => line.UnitAmount is { } unit && line.Kind is LineKind.OneOff
        ? [Text($"{Exact.Format(line.Quantity)} × {Exact.Format(unit)} = {Exact.Format(Exact.Multiply(line.Quantity, unit))}"), Text($"rounded half away from zero to {line.Amount}")]
        : [Text($"{line.Amount}")];

    private static IEnumerable<string> Bound(InvoiceLine line, decimal? bound, string word, Invoice invoice)
    {
        var others = BoundedLines.Of(invoice, line).Aggregate(Money.Zero(invoice.Currency), (sum, item) => sum + item.Amount);
        if (line.Before is { } before && bound is { } whole)
        {
            return [.. PartAfter(before, line.Factor, Text($"{word} {Exact.Format(whole)} "), whole, line.Amount + others), Text($"the lines of the price come to {others}, which makes {line.Amount}")];
        }

        var part = line.Factor.IsWhole || bound is null ? "" : $" × {line.Factor} = {Exact.Format(line.Factor.Apply(bound.Value))}";
        return bound is null ? [Text($"{line.Amount}")] : [Text($"{word} {Exact.Format(bound.Value)}{part}"), Text($"the lines of the price come to {others}, which makes {line.Amount}")];
    }

    /// <summary>How an adjustment came about, and what the line says where that is something else.</summary>
    public static IEnumerable<string> Adjustment(InvoiceLine line, Rated? rated, RatedAgain again) => [
        .. rated?.Steps ?? [],
        .. rated is { } known && Money.Round(known.Amount, line.Amount.Currency) != again.Now.Amount ? [Text($"brought to {again.Now.Amount} by the minimum or maximum of the price{(line.Factor.IsWhole ? "" : $", for {line.Factor} of its period")}")] : Array.Empty<string>(),
        Text($"{Adjusted(again.Now)}, which makes {again.Amount}"),
        .. again.Agrees(line) ? Array.Empty<string>() : [again.IsScheduled ? Text($"this does not agree with the line: there, {Adjusted(line.Adjustment)}, which makes {line.Amount}") : Text($"this does not agree with the line: the subscription was charged for no such period")]];

    private static string Adjusted(LineAdjustment? now) => now is null ? "nothing is said of it" : Text($"{Exact.Format(now.Quantity)} units cost {now.Amount} by now, {now.Billed} was billed");

    private static string Off(Money amount) => amount.MinorUnits < 0 ? $"+ {-amount}" : $"− {amount}";

    private static IEnumerable<string> Deductions(InvoiceLine line)
    {
        if (line.Discount is { } discount)
        {
            yield return Text($"{Off(discount)}, its share of the coupons");
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

/// <summary>What a line in advance has to give back, exact.</summary>
/// <param name="Part">Which part.</param>
/// <param name="IsOfLine">Whether it is one of what the line charged, rather than of its price for the period.</param>
/// <param name="Asked">What that comes to.</param>
/// <param name="Discounted">The same in the ratio of what coupons and promotional credit left.</param>
internal readonly record struct AskedBack(ProrationFactor Part, bool IsOfLine, decimal Asked, decimal Discounted);
