using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Explains lines that follow from earlier bills: what is missing to a commitment, and what is given back of what was billed in advance.</summary>
internal sealed class EarlierOrigins(EarlierBills earlier, Plans plans)
{
    /// <summary>The steps to what is missing to a commitment, and whether they still come to it.</summary>
    public async Task<(ImmutableArray<string> Steps, bool Agrees)> MissingAsync(Invoice invoice, InvoiceLine line, Subscription subscription, CancellationToken cancellationToken)
    {
        var schedule = ChargeSchedule.Of(subscription.Timeline.KnownAt(invoice.CreatedAt), await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false));
        if (line.Period is not { } period || schedule.CommitmentsHolding([period.Start], Instant.MaxValue).FirstOrDefault(item => item.Period == period) is not { } committed)
        {
            return (InvoiceSteps.OfAmount(line), false);
        }

        // Where a commitment is open no credit memo takes late usage back, so that invoices are all that there is.
        var bills = (await earlier.InvoicesAsync(subscription, period.Start, cancellationToken).ConfigureAwait(false)).Where(bill => IsBefore(bill, invoice));
        var (before, mine) = (committed.After([.. bills.SelectMany(bill => bill.PartOf(subscription.Id).Lines)]), invoice.PartOf(subscription.Id).Lines.Where(committed.Counts).Aggregate(Money.Zero(invoice.Currency), (sum, item) => sum + item.Amount));
        return (InvoiceSteps.Missing(line, before, mine), before.LineOf(invoice.PartOf(subscription.Id).Lines)?.Amount == line.Amount);
    }

    /// <summary>The steps to what is given back of a line, and whether it is what the price asks for that time, or less.</summary>
    public async Task<(ImmutableArray<string> Steps, bool Agrees)> UnusedAsync(InvoiceLine line, BilledPriceList prices, Subscription subscription, CancellationToken cancellationToken)
    {
        var bills = await earlier.InvoicesAsync(subscription, subscription.Timeline.StartAt, cancellationToken).ConfigureAwait(false);
        if (bills.Find(bill => bill.Lines.Any(item => item.Id == line.GivesBack)) is not { } bill)
        {
            return (InvoiceSteps.OfAmount(line), false);
        }

        var advanced = bill.Lines.Single(item => item.Id == line.GivesBack);
        var terms = prices.Find(advanced, bill)!.Terms.In(line.Amount.Currency);
        // Of a minimum or maximum that part of what was billed for it is given back that is left of its own time.
        var isBound = advanced.Kind is LineKind.Minimum or LineKind.Maximum;
        var part = isBound ? ProrationFactor.Of(terms.Proration, line.Period!.Value, advanced.Period!.Value, subscription.Timeline.ZoneAt(advanced.Period.Value.Start)) : line.Factor;
        var whole = isBound ? advanced.Amount.Amount : Rating.Rate(terms, new RatingInput(line.Quantity)).Amount;
        var (asked, discounted) = (part.Apply(whole), part.Apply(whole, advanced.NetPart));
        var (back, most) = (-line.Amount, Money.Round(discounted, line.Amount.Currency));
        return (InvoiceSteps.Unused(line, bill, advanced, part, asked, discounted, back < most), back <= most);
    }

    private static bool IsBefore(Invoice bill, Invoice invoice) => bill.Id != invoice.Id && bill.CreatedAt <= invoice.CreatedAt && (bill.Number is null || invoice.Number is null || bill.IssuedAt < invoice.IssuedAt || (bill.IssuedAt == invoice.IssuedAt && bill.CreatedAt < invoice.CreatedAt));
}
