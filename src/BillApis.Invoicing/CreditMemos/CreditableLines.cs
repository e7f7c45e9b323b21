using System.Collections.Immutable;
using System.Numerics;

namespace BillApis.Invoicing;

/// <summary>What is left to credit of an invoice, line by line and tax apart, and how an amount is spread over it.</summary>
public sealed class CreditableLines
{
    private readonly Invoice _invoice;
    private readonly ImmutableArray<Cell> _left;

    private CreditableLines(Invoice invoice, ImmutableArray<Cell> left) => (_invoice, _left) = (invoice, left);

    /// <summary>What is left to credit of all lines together.</summary>
    public Money Left => Sum(_left);

    /// <summary>What earlier credit memos, as far as they count, have left of an invoice.</summary>
    public static CreditableLines Of(Invoice invoice, IEnumerable<CreditMemo> memos)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        ArgumentNullException.ThrowIfNull(memos);
        var taken = memos.Where(memo => memo.Status is CreditMemoStatus.Issued).SelectMany(memo => memo.Lines).ToLookup(line => line.Line);
        return new(invoice, [.. invoice.Lines.Select(line => new Cell(
            line,
            taken[line.Id].Aggregate(line.NetOfTax, (rest, part) => rest - part.Net),
            taken[line.Id].Aggregate(line.Gross - line.NetOfTax, (rest, part) => rest - part.Tax)))]);
    }

    /// <summary>Spreads an amount over all lines by what is left of each, to the minor unit.</summary>
    /// <exception cref="BillingException">It is not more than zero, or more than is left.</exception>
    public ImmutableArray<CreditMemoLine> Spread(Money amount, string field = "amount") => Spread(amount, _left, field);

    /// <summary>Takes an amount back of one line.</summary>
    /// <exception cref="BillingException">The invoice has no such line, or the amount is not more than zero, or more than is left of the line or of the invoice.</exception>
    public ImmutableArray<CreditMemoLine> Of(InvoiceLineId line, Money amount, string field)
    {
        var cells = _left.Where(cell => cell.Line.Id == line).ToImmutableArray();
        return cells.IsEmpty ? throw BillingException.Field($"{field}.line_id", $"is not a line of the invoice '{_invoice.Id}'") : Spread(amount, cells, $"{field}.amount");
    }

    private ImmutableArray<CreditMemoLine> Spread(Money amount, ImmutableArray<Cell> cells, string field)
    {
        var left = Sum(cells) < Left ? Sum(cells) : Left;
        if (amount <= Money.Zero(_invoice.Currency) || amount > left)
        {
            throw BillingException.Field(field, $"must be more than 0 and at most what is left to credit, {(left > Money.Zero(_invoice.Currency) ? left : Money.Zero(_invoice.Currency))}");
        }

        var shares = Shares(amount.MinorUnits, [.. cells.SelectMany(cell => (long[])[cell.Net.MinorUnits, cell.Tax.MinorUnits])]);
        return [.. cells.Select((cell, i) => new CreditMemoLine(
                cell.Line.Id, cell.Line.Description, Money.FromMinorUnits(shares[2 * i], _invoice.Currency), Money.FromMinorUnits(shares[(2 * i) + 1], _invoice.Currency), cell.Line.InAdvance))
            .Where(line => !line.Net.IsZero || !line.Tax.IsZero)];
    }

    // Largest remainder over parts that may be negative: every share is rounded down, and what is left goes one unit each to the largest remainders, ties to the earlier.
    private static long[] Shares(long amount, long[] parts)
    {
        var total = parts.Aggregate(BigInteger.Zero, (sum, part) => sum + part);
        var (shares, remainders) = (new long[parts.Length], new BigInteger[parts.Length]);
        for (var i = 0; i < parts.Length; i++)
        {
            var quotient = BigInteger.DivRem((BigInteger)amount * parts[i], total, out var remainder);
            (shares[i], remainders[i]) = remainder.Sign < 0 ? ((long)quotient - 1, remainder + total) : ((long)quotient, remainder);
        }

        var rest = (int)(amount - shares.Aggregate(BigInteger.Zero, (sum, share) => sum + share));
        foreach (var i in Enumerable.Range(0, shares.Length).OrderByDescending(i => remainders[i]).Take(rest))
        {
            shares[i]++;
        }

        return shares;
    }

    private Money Sum(IEnumerable<Cell> cells) => cells.Aggregate(Money.Zero(_invoice.Currency), (sum, cell) => sum + cell.Net + cell.Tax);

    private sealed record Cell(InvoiceLine Line, Money Net, Money Tax);
}
