using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A line that was billed in advance, and what became of it.</summary>
/// <param name="Line">The line.</param>
/// <param name="Left">What was billed and not given back yet, after coupons and promotional credits.</param>
/// <param name="Until">Up to when it pays; less than its period where the rest was given back.</param>
public sealed record AdvancedLine(InvoiceLine Line, Money Left, Instant Until)
{
    /// <summary>Since when what it pays is not had any more, though nothing could be given back of it; null for never.</summary>
    internal Instant? WaivedFrom { get; init; }

    /// <summary>Whether nothing of it was given back.</summary>
    internal bool IsKept => Until == Line.Period!.Value.End;

    /// <summary>Whether all of it was given back before its time began, or as it did.</summary>
    internal bool IsReturned => Until <= Line.Period!.Value.Start;

    /// <summary>The lines of a subscription's invoices that pay beyond an instant, or did until they were given back as of it; and those before it of which nothing was given back.</summary>
    /// <remarks>What was withdrawn or given up still pays for its time, and nothing of it can be given back; so does what coupons and promotional credit paid, of which nothing was.</remarks>
    public static IReadOnlyList<AdvancedLine> Of(IReadOnlyList<Invoice> invoices, IReadOnlyList<CreditMemo> memos, Instant beyond)
    {
        ArgumentNullException.ThrowIfNull(invoices);
        ArgumentNullException.ThrowIfNull(memos);
        var replaced = Replaced(invoices);
        InvoiceLineId Standing(InvoiceLineId line) => replaced.TryGetValue(line, out var by) ? Standing(by) : line;
        var given = invoices.Where(invoice => invoice.Status is not InvoiceStatus.Canceled).SelectMany(invoice => invoice.Lines).Where(line => line.GivesBack is not null).ToLookup(line => Standing(line.GivesBack!.Value));
        var credited = memos.Where(memo => memo.Status is CreditMemoStatus.Issued).SelectMany(memo => memo.Lines).ToList();
        var taken = credited.Where(line => line.Adjustment?.Kind is not LineKind.Discount).ToLookup(line => line.Line);
        var moved = invoices.Where(invoice => invoice.Status is not InvoiceStatus.Canceled).SelectMany(invoice => invoice.Lines).Concat(credited.Select(line => line.Adjustment).OfType<InvoiceLine>())
            .Where(line => line.Kind is LineKind.Discount).ToLookup(line => Standing(line.Corrects!.Value));
        return [.. invoices.OrderBy(invoice => invoice.CreatedAt).ThenBy(invoice => invoice.Sequence)
            .SelectMany(invoice => invoice.Lines, (invoice, line) => (invoice, line: moved[line.Id].Aggregate(line, Moved)))
            .Where(item => item.line is { InAdvance: true, RefersBack: false, Metric: null, Period: not null } && !replaced.ContainsKey(item.line.Id))
            .Select(item => new AdvancedLine(
                item.line,
                item.invoice.Status is InvoiceStatus.Canceled or InvoiceStatus.WrittenOff ? Money.Zero(item.invoice.Currency) : LeftOf(item.line, given[item.line.Id], taken[item.line.Id]),
                given[item.line.Id].Where(line => !line.Amount.IsZero).Select(line => line.Period!.Value.Start).Append(item.line.Period!.Value.End).Min())
            {
                WaivedFrom = given[item.line.Id].Where(line => line.Amount.IsZero).Select(line => (Instant?)line.Period!.Value.Start).Max(),
            })
            .Where(item => item.Until >= beyond || item.IsKept)];
    }

    // What stands in the place of a withdrawn invoice pays instead of it, line by line.
    private static Dictionary<InvoiceLineId, InvoiceLineId> Replaced(IReadOnlyList<Invoice> invoices)
    {
        var standing = invoices.Where(invoice => invoice.Replaces is not null).ToDictionary(invoice => invoice.Replaces!.Value);
        return invoices.Where(invoice => standing.ContainsKey(invoice.Id))
            .SelectMany(invoice => invoice.Lines.Zip(standing[invoice.Id].Lines).Where(pair => (pair.First.Kind, pair.First.Price, pair.First.Period) == (pair.Second.Kind, pair.Second.Price, pair.Second.Period)))
            .ToDictionary(pair => pair.First.Id, pair => pair.Second.Id);
    }

    // What coupons take off it by now was paid for it, or came back, with a later document.
    private static InvoiceLine Moved(InvoiceLine line, InvoiceLine by)
    {
        var none = Money.Zero(line.Amount.Currency);
        return line with { Discount = (line.Discount ?? none) + (by.Discount ?? none), Credit = (line.Credit ?? none) + (by.Credit ?? none) };
    }

    private static Money LeftOf(InvoiceLine line, IEnumerable<InvoiceLine> given, IEnumerable<CreditMemoLine> taken) =>
        taken.Aggregate(given.Aggregate(line.Net, (rest, part) => rest + part.Amount), (rest, part) => rest - part.Of(line));
}
