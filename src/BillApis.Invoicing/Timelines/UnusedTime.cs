using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What is given back of a line that was billed in advance.</summary>
/// <param name="Advanced">The line.</param>
/// <param name="Period">The time that it does not pay for any more.</param>
/// <param name="Factor">The part of the whole period that this is.</param>
/// <param name="Price">What the line's terms ask for that of which a part is given back, exact and before coupons.</param>
/// <param name="Part">That part.</param>
public sealed record UnusedTime(AdvancedLine Advanced, Interval Period, ProrationFactor Factor, decimal Price, ProrationFactor Part)
{
    /// <summary>Whether a commitment has to know of it, also where coupons and promotional credit left nothing that could be given back.</summary>
    public bool IsCommitted { get; init; }

    /// <summary>Whether it knows already, and the line did not pay again since.</summary>
    internal bool IsTold { get; init; }

    /// <summary>The line of an invoice that gives it back: never more than is left of what was billed; null where nothing is.</summary>
    public InvoiceLine? ToLine()
    {
        var line = Advanced.Line;
        var discounted = Part.Apply(Price, line.NetPart);
        var amount = line.Net.MinorUnits < 0
            ? Money.Round(discounted, line.Net.Currency)
            : PeriodParts.UnusedCredit(discounted, ProrationFactor.Whole, Advanced.Left, Money.Zero(Advanced.Left.Currency));
        var isWaived = IsCommitted && line.Net != line.Amount && (line.Net.IsZero || !Advanced.Left.IsZero) && !Money.Round(Part.Apply(Price), amount.Currency).IsZero;
        return amount.IsZero && !isWaived ? null : new InvoiceLine
        {
            Kind = LineKind.UnusedTime,
            Description = $"{line.Description}: unused time",
            Price = line.Price,
            Product = line.Product,
            Quantity = line.Quantity,
            Amount = Money.Zero(amount.Currency) - amount,
            Period = Period,
            Full = line.Period,
            InAdvance = true,
            Factor = Factor,
            GivesBack = line.Id,
            TaxCategory = line.TaxCategory,
            Taxes = line.DecidedTaxes,
        };
    }
}
