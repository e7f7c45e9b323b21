using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>Amounts of an invoice's lines that something is taken from, and which of the lines it may be taken from.</summary>
internal readonly record struct LineSpread(ImmutableArray<Money> Amounts, ImmutableArray<bool> Taken, Currency Currency)
{
    /// <summary>What coupons and promotional credits have left of the lines that fit.</summary>
    public static LineSpread OfNet(Invoice invoice, Func<InvoiceLine, bool> fits) =>
        new(ImmutableArray.CreateRange(invoice.Lines, line => line.Net), ImmutableArray.CreateRange(invoice.Lines, fits), invoice.Currency);

    /// <summary>What is left of these lines, and no more than is left of all; never negative.</summary>
    public Money Left
    {
        get
        {
            var (mine, all) = (Money.Zero(Currency), Money.Zero(Currency));
            for (var i = 0; i < Taken.Length; i++)
            {
                all += Amounts[i];
                mine += Taken[i] ? Amounts[i] : Money.Zero(Currency);
            }

            return Money.FromMinorUnits(Math.Max(0, Math.Min(mine.MinorUnits, all.MinorUnits)), Currency);
        }
    }

    /// <summary>The share of every line in an amount that is not more than <see cref="Left"/>; none is more than what is left of its line.</summary>
    public ImmutableArray<Money> Shares(Money amount)
    {
        if (amount.IsZero)
        {
            return ImmutableArray.CreateRange(Amounts, _ => amount);
        }

        var (amounts, taken) = (Amounts, Taken);
        return amount.Allocate([.. Enumerable.Range(0, amounts.Length).Select(i => taken[i] ? Math.Max(0, amounts[i].MinorUnits) : 0m)]);
    }
}
