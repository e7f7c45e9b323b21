using System.Collections.Immutable;
using System.Globalization;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What a bill that settled an interval of a commitment charged as missing where that was nothing: a line over nothing that the bill has not. What turns out to be missing later corrects it, and so bears the coupons and taxes of that bill.</summary>
public static class SettledCommitment
{
    /// <summary>The id of that line.</summary>
    /// <param name="bill">What was billed the subscription.</param>
    /// <param name="period">The interval.</param>
    public static InvoiceLineId IdOn(Invoice bill, Interval period)
    {
        ArgumentNullException.ThrowIfNull(bill);
        return EntityId.Derive<InvoiceLineId>(bill.CreatedAt, string.Create(CultureInfo.InvariantCulture, $"{bill.Id}/{bill.Subscription}/commitment/{period.Start.ToUnixTimeTicks()}"));
    }

    /// <summary>Whether a line is of it, be it what is missing after all or a discount that moves to that or from it.</summary>
    public static bool IsOf(Invoice bill, InvoiceLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return line is { Corrects: { } id, Price: null, Period: { } period } && id == IdOn(bill, period);
    }

    /// <summary>The line.</summary>
    /// <param name="bill">What was billed the subscription.</param>
    /// <param name="period">The interval.</param>
    /// <param name="taxes">The taxes that it would have borne.</param>
    public static InvoiceLine On(Invoice bill, CommitmentPeriod period, ImmutableArray<LineTax> taxes)
    {
        ArgumentNullException.ThrowIfNull(bill);
        ArgumentNullException.ThrowIfNull(period);
        return new() { Id = IdOn(bill, period.Period), Kind = LineKind.Commitment, Description = $"Minimum commitment of {period.Committed}", Quantity = 1, Amount = Money.Zero(bill.Currency), Period = period.Period, Taxes = taxes };
    }

    /// <summary>The lines of a bill that later ones are of.</summary>
    public static IEnumerable<InvoiceLine> KnownTo(IEnumerable<InvoiceLine> later, Invoice bill) => later.Where(line => line.Kind is LineKind.Commitment && IsOf(bill, line)).DistinctBy(line => line.Corrects)
        .Select(line => line with { Id = line.Corrects!.Value, Corrects = null, UnitAmount = null, Amount = Money.Zero(line.Amount.Currency), Discount = null, Credit = null, Taxes = line.DecidedTaxes });

    /// <summary>The taxes that a line without a category of its own bears on a bill; null where it has none such.</summary>
    public static ImmutableArray<LineTax>? TaxesOn(Invoice bill)
    {
        ArgumentNullException.ThrowIfNull(bill);
        return bill.Lines.FirstOrDefault(line => line is { RefersBack: false, TaxCategory: null })?.DecidedTaxes;
    }
}
