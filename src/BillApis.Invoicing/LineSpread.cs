using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>Amounts of an invoice's lines that something is taken from, and which of the lines it may be taken from.</summary>
internal readonly record struct LineSpread(ImmutableArray<InvoiceLine> Lines, ImmutableArray<Money> Amounts, ImmutableArray<bool> Taken, Currency Currency)
{
    /// <summary>What coupons and promotional credits have left of the lines that fit.</summary>
    public static LineSpread OfNet(Invoice invoice, Func<InvoiceLine, bool> fits) =>
        new(invoice.Lines, ImmutableArray.CreateRange(invoice.Lines, line => line.Net), ImmutableArray.CreateRange(invoice.Lines, fits), invoice.Currency);

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

    /// <summary>The share of every line in an amount that is not more than <see cref="Left"/>; none is more than what is left of its line, less what another line of the same charge takes off it.</summary>
    public ImmutableArray<Money> Shares(Money amount) => amount.IsZero ? ImmutableArray.CreateRange(Amounts, _ => amount) : amount.Allocate(Weights());

    // What a maximum takes off its usage is not there to be discounted: else the other lines would bear too little of it, and taxes of several rates come out wrong.
    private decimal[] Weights()
    {
        var (lines, amounts, taken) = (Lines, Amounts, Taken);
        decimal[] weights = [.. Enumerable.Range(0, amounts.Length).Select(i => taken[i] ? Math.Max(0, amounts[i].MinorUnits) : 0m)];
        foreach (var i in Enumerable.Range(0, amounts.Length).Where(i => taken[i] && amounts[i].MinorUnits < 0))
        {
            decimal[] same = [.. lines.Select((line, k) => line.IsOfSameCharge(lines[i]) ? weights[k] : 0)];
            var back = Math.Min(-amounts[i].MinorUnits, (long)same.Sum());
            weights = back == 0 ? weights : [.. weights.Zip(Money.FromMinorUnits(back, Currency).Allocate(same), (weight, share) => weight - share.MinorUnits)];
        }

        return weights;
    }
}
