using System.Globalization;
using System.Text;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis.Testing;

/// <summary>Bills as text that a person can check: one line for each bill, and one below it for each thing that made its amount.</summary>
public static class BillText
{
    /// <summary>An invoice, with the dates in a zone.</summary>
    public static string Of(Invoice invoice, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        var text = new StringBuilder();
        var due = invoice.Due.Amount == invoice.Total.Amount ? "" : Text($", due {Number(invoice.Due)}");
        text.Append(Text($"{Day.Write(invoice.IssuedAt ?? invoice.CreatedAt, zone)} {Name(invoice)}: {Number(invoice.Total)}{due}{State(invoice)}"));
        foreach (var line in invoice.Lines)
        {
            text.Append('\n').Append(Text($"  {line.Description}{Quantity(line)}{Period(line, zone)}: {Number(line.Amount)}"));
        }

        foreach (var discount in invoice.Discounts)
        {
            text.Append('\n').Append(Text($"  coupon {discount.Description}: {Number(-discount.Amount)}"));
        }

        foreach (var use in invoice.Credits)
        {
            text.Append('\n').Append(Text($"  {(use.Category is CreditCategory.Paid ? "paid" : "promotional")} credit: -{Number(use.Amount)}"));
        }

        foreach (var tax in invoice.TaxLines)
        {
            text.Append('\n').Append(Text($"  {tax.Tax.Name} {Exact.Format(tax.Tax.Percentage)} % {(tax.Tax.Inclusive ? "in" : "on")} {Number(tax.Tax.Inclusive ? tax.Base + tax.Amount : tax.Base)}{Treatment(tax.Tax)}: {Number(tax.Amount)}"));
        }

        return text.ToString();
    }

    /// <summary>A credit memo, with the date in a zone.</summary>
    public static string Of(CreditMemo memo, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(memo);
        var returned = memo.Returned.IsZero ? "" : Text($", {(memo.Refund ? "to refund" : "as credit")} {Number(memo.Returned)}");
        return Text($"{Day.Write(memo.IssuedAt, zone)} credit memo: {Number(memo.Total)}{returned}{(memo.Status is CreditMemoStatus.Canceled ? " (canceled)" : "")}");
    }

    private static string Name(Invoice invoice) => invoice.Kind switch
    {
        InvoiceKind.Supplementary => "supplementary invoice",
        InvoiceKind.OneOff => "one-off invoice",
        _ => "invoice",
    };

    private static string State(Invoice invoice) => invoice.Status switch
    {
        InvoiceStatus.Draft => " (draft)",
        InvoiceStatus.Paid => " (paid)",
        InvoiceStatus.Overdue => " (overdue)",
        InvoiceStatus.Canceled => " (canceled)",
        InvoiceStatus.WrittenOff => " (written off)",
        _ => "",
    };

    private static string Quantity(InvoiceLine line) => line.Kind is LineKind.Usage or LineKind.Seat or LineKind.OneOff or LineKind.Adjustment ? Text($" × {Exact.Format(line.Quantity)}") : "";

    private static string Period(InvoiceLine line, DateTimeZone zone) => line.Period is { } period
        ? Text($" {Day.Write(period.Start, zone)}..{Day.Write(period.End, zone)}{(line.Factor.IsWhole ? "" : $" ({line.Factor})")}")
        : "";

    private static string Treatment(Tax tax) => tax.Treatment switch { TaxTreatment.Exempt => " (exempt)", TaxTreatment.ReverseCharge => " (reverse charge)", _ => "" };

    private static string Number(Money amount) => amount.Amount.ToString("F" + amount.Currency.MinorUnitDigits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
