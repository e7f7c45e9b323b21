namespace BillApis.Invoicing;

/// <summary>Finds what a minimum or maximum of an invoice is of.</summary>
public static class BoundedLines
{
    /// <summary>The lines that it bounds: all usage of a metered price, and of a fixed one the charge that it follows, since that may be bought twice.</summary>
    public static IEnumerable<InvoiceLine> Of(Invoice invoice, InvoiceLine bound)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        ArgumentNullException.ThrowIfNull(bound);
        return (bound.Metric is null ? invoice.Lines.TakeWhile(line => line.Id != bound.Id).TakeLast(1) : invoice.Lines).Where(line => IsOf(line, bound));
    }

    /// <summary>Whether a line charges the price and time that a minimum or maximum is of.</summary>
    public static bool IsOf(InvoiceLine line, InvoiceLine bound)
    {
        ArgumentNullException.ThrowIfNull(line);
        ArgumentNullException.ThrowIfNull(bound);
        return line.Kind is LineKind.Usage or LineKind.Flat or LineKind.Seat && (line.Price, line.Subscription, line.Period) == (bound.Price, bound.Subscription, bound.Period);
    }
}
