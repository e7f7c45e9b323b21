using System.Collections.Immutable;
using System.Globalization;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Makes every invoice: previews, simulations, drafts and issued ones all come from here, so that they are the same.</summary>
public static class InvoiceCalculator
{
    private static readonly ImmutableSortedDictionary<string, string?> Undivided = ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal);

    /// <summary>The draft invoice that follows from a request, coupons taken off; <see cref="InvoiceSettlement"/> adds credits and taxes. The same request gives the same invoice, byte for byte.</summary>
    /// <exception cref="BillingException">A price refuses its quantity, an amount cannot be kept exactly, or there are more than <see cref="Limits.LinesPerInvoice"/> lines.</exception>
    public static Invoice Calculate(InvoiceRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return BillingException.OrTooMuch("The invoice", () =>
        {
            var invoice = Made(request);
            _ = invoice.Subtotal; // Lines that can be kept each may not be together.
            return invoice;
        });
    }

    private static Invoice Made(InvoiceRequest request)
    {
        var period = PeriodOf(request);
        var id = IdOf(request);
        var charged = request.Charges.SelectMany(charge => LinesOf(charge, request.Currency)).ToList();
        var unused = request.Unused.Select(item => item.ToLine()).OfType<InvoiceLine>().ToList();
        var recharges = request.Recharges.Select(item => item.Compared(request.Currency)).ToList();
        var origins = BilledOrigin.Apart(recharges.Select(item => item.Origin).OfType<BilledOrigin>());
        var adjustments = Recharge.LinesOf(recharges, request.Currency, Limits.LinesPerInvoice - charged.Count - unused.Count - CorrectedDiscounts.LinesFor(origins));
        origins = BilledOrigin.Apart([.. origins, .. request.Committed.Where(bill => !CommitmentsOf(bill).Any(line => origins.Any(origin => CommitmentsOf(origin).Any(other => other.Id == line.Id))))]);
        var missing = request.Commitments.Select(item => item.LineOf([.. charged, .. adjustments, .. unused])).OfType<InvoiceLine>().Select(line => Corrected(line, origins)).ToList();
        List<InvoiceLine> lines = request.SkipZero && adjustments.Count + unused.Count + missing.Count == 0 && charged.TrueForAll(line => line.Amount.IsZero) ? [] : [.. charged, .. adjustments, .. missing, .. unused];
        var invoice = new Invoice
        {
            Id = id,
            Tenant = request.Tenant,
            Customer = request.Customer,
            Subscription = request.Subscription,
            Kind = request.Kind,
            Sequence = request.Sequence,
            Correction = adjustments.Count > 0 || (request.Correction > 0 && (request.IsBound || !request.Commitments.IsEmpty)) ? request.Correction : null,
            Currency = request.Currency,
            Period = period,
            Lines = [.. lines],
            CreatedAt = request.Boundary,
        };

        var discounted = request.Coupons.IsEmpty ? invoice : CouponDiscounts.Apply(invoice, request.Coupons);
        var corrected = CorrectedDiscounts.Apply(discounted, origins, request.CountsFor);
        Check.Range("lines", corrected.Lines.Length, 0, Limits.LinesPerInvoice);
        return corrected with { Lines = [.. corrected.Lines.Select((line, index) => line with { Id = LineIdOf(id, request.Boundary, index) })], Coupons = Counting(request, discounted) };
    }

    // What was charged as missing before comes back, or grows, with the coupons and taxes that it was charged with.
    private static InvoiceLine Corrected(InvoiceLine missing, IEnumerable<BilledOrigin> origins) =>
        origins.SelectMany(CommitmentsOf).FirstOrDefault(line => line.Period == missing.Period) is { } billed ? missing with { Corrects = billed.Id, Taxes = billed.DecidedTaxes } : missing;

    private static IEnumerable<InvoiceLine> CommitmentsOf(BilledOrigin origin) => origin.Invoice.Lines.Where(line => line is { Kind: LineKind.Commitment, RefersBack: false });

    private static ImmutableArray<InvoiceCoupon> Counting(InvoiceRequest request, Invoice discounted) => request.CountsFor is { } period && discounted.Lines.Any(line => !line.RefersBack)
        ? [.. request.Coupons.Select(coupon => coupon.CountingOn(period, discounted.Discounts.Any(discount => discount.Coupon == coupon.Coupon), request.Kind is InvoiceKind.Progressive, request.IsWithin)).OfType<InvoiceCoupon>()]
        : [];

    /// <summary>The one id of a subscription's invoice for a boundary: whoever makes it, and however often.</summary>
    public static InvoiceId IdOf(InvoiceRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return EntityId.Derive<InvoiceId>(request.Boundary, string.Create(CultureInfo.InvariantCulture, $"{request.Tenant}/{request.Subscription}/{request.Boundary.ToUnixTimeTicks()}/{request.Kind}/{request.Sequence}"));
    }

    /// <summary>The id of a line, from its invoice and place.</summary>
    public static InvoiceLineId LineIdOf(InvoiceId invoice, Instant at, int index) =>
        EntityId.Derive<InvoiceLineId>(at, string.Create(CultureInfo.InvariantCulture, $"{invoice}/{index}"));

    // The period that ends here where one does, else the one that begins here; the shortest where prices recur differently.
    private static Interval? PeriodOf(InvoiceRequest request)
    {
        var (closed, shortest) = ((Interval?)null, (Interval?)null);
        foreach (var period in request.Charges.Select(item => item.Charge.Period).Concat(request.Unused.Select(item => item.Period)).Concat(request.Commitments.SelectMany(item => item.Of.Times).Where(time => time.End == request.Boundary)).DefaultIfEmpty(request.Recharges.Select(item => item.Charge.Period).FirstOrDefault()).Where(period => period.Duration > Duration.Zero))
        {
            shortest = Shorter(shortest, period);
            closed = period.End == request.Boundary ? Shorter(closed, period) : closed;
        }

        return closed ?? shortest;
    }

    private static Interval Shorter(Interval? left, Interval right) => left is { } known && known.Duration <= right.Duration ? known : right;

    internal static List<InvoiceLine> LinesOf(ChargedUsage charged, Currency currency)
    {
        var (charge, terms) = (charged.Charge, charged.Charge.Price.Terms);
        if (charge.Price.Metric is null)
        {
            return Fixed(charge, currency);
        }

        var lines = Metered(charge, charged.Usage, currency);
        if (lines.Count == 1 && terms is { MinimumAmount: null, MaximumAmount: null })
        {
            return lines;
        }

        var adjustment = Rating.Adjustment(terms, lines.Aggregate(Money.Zero(currency), (total, line) => total + line.Amount), charge.Factor);
        if (!adjustment.IsZero)
        {
            lines.Add(adjustment.MinorUnits > 0 ? Adjustment(LineKind.Minimum, "minimum", adjustment, charge) : Adjustment(LineKind.Maximum, "maximum", adjustment, charge));
        }

        return lines;
    }

    /// <summary>What a price without a metric costs for a charge.</summary>
    internal static Money FixedAmount(Charge charge, Currency currency) => FixedAmount(charge, WholePrice(charge), currency);

    /// <summary>What it costs for the whole period that the charge is of, before it is rounded.</summary>
    internal static decimal WholePrice(Charge charge) => Rating.Rate(charge.Price.Terms, new RatingInput(charge.Quantity)).Amount;

    private static Money FixedAmount(Charge charge, decimal whole, Currency currency) => PeriodParts.Part(whole, charge.Factor, charge.Before, currency);

    // Parts of a bounded price add up to its bound, since what brings each there is the bound's part less the price's.
    private static List<InvoiceLine> Fixed(Charge charge, Currency currency)
    {
        var terms = charge.Price.Terms;
        var rated = Rating.Rate(terms, new RatingInput(charge.Quantity));
        var line = Line(charge, terms.Model is FlatPrice ? LineKind.Flat : LineKind.Seat, rated, FixedAmount(charge, rated.Amount, currency), charge.Factor, null, Undivided) with { Before = charge.Before };
        var bounded = rated.Amount < terms.MinimumAmount ? terms.MinimumAmount.Value : rated.Amount > terms.MaximumAmount ? terms.MaximumAmount.Value : rated.Amount;
        var adjustment = FixedAmount(charge, bounded, currency) - line.Amount;
        return adjustment.IsZero ? [line]
            : [line, (bounded > rated.Amount ? Adjustment(LineKind.Minimum, "minimum", adjustment, charge) : Adjustment(LineKind.Maximum, "maximum", adjustment, charge)) with { Before = charge.Before }];
    }

    // Usage is what was used: only its minimum and maximum know of a part of a period.
    private static List<InvoiceLine> Metered(Charge charge, RatingInput usage, Currency currency)
    {
        var terms = charge.Price.Terms;
        return terms.GroupBy.IsEmpty || usage.Events.IsEmpty ? [Metered(charge, Rating.Rate(terms, usage), currency, Undivided)] : Grouped(charge, usage, currency);
    }

    private static List<InvoiceLine> Grouped(Charge charge, RatingInput usage, Currency currency)
    {
        var terms = charge.Price.Terms;
        return [.. Rating.Groups(terms, usage).Select(group => Metered(charge, group.Rated, currency, terms.GroupBy.Zip(group.Values, KeyValuePair.Create).ToImmutableSortedDictionary(StringComparer.Ordinal)))];
    }

    private static InvoiceLine Metered(Charge charge, Rated rated, Currency currency, ImmutableSortedDictionary<string, string?> values) =>
        Line(charge, LineKind.Usage, rated, Money.Round(rated.Amount, currency), ProrationFactor.Whole, charge.Full == charge.Period ? null : charge.Full, values, charge.CarriedFrom);

    private static InvoiceLine Line(Charge charge, LineKind kind, Rated rated, Money amount, ProrationFactor factor, Interval? full, ImmutableSortedDictionary<string, string?> values, Instant? carriedFrom = null) => new()
    {
        Kind = kind,
        Description = Describe(charge.Price, values),
        Price = charge.Price.Id,
        Product = charge.Price.Product,
        Metric = charge.Price.Metric,
        Group = values,
        Quantity = rated.Input.Quantity,
        UnitAmount = rated.EffectiveUnitAmount,
        Amount = amount,
        Period = charge.Period.Duration == Duration.Zero ? null : charge.Period,
        InAdvance = charge.Price.Terms.Timing is BillingTiming.InAdvance && charge.Price.Terms.Interval is not null,
        Factor = factor,
        Full = full,
        CarriedFrom = carriedFrom,
        Tiers = rated.Tiers,
        TaxCategory = charge.Price.Terms.TaxCategory,
    };

    private static InvoiceLine Adjustment(LineKind kind, string word, Money amount, Charge charge) => new()
    {
        Kind = kind,
        Description = $"{Describe(charge.Price, Undivided)}: {word}",
        Price = charge.Price.Id,
        Product = charge.Price.Product,
        Metric = charge.Price.Metric,
        Quantity = 1,
        UnitAmount = amount.Amount,
        Amount = amount,
        Period = charge.Period.Duration == Duration.Zero ? null : charge.Period,
        InAdvance = charge.Price.Terms.Timing is BillingTiming.InAdvance && charge.Price.Terms.Interval is not null,
        Factor = charge.Factor,
        TaxCategory = charge.Price.Terms.TaxCategory,
    };

    internal static string Describe(Price price, ImmutableSortedDictionary<string, string?> group) =>
        (price.Name ?? price.Code) + (group.IsEmpty ? "" : $" ({string.Join(", ", group.Select(item => $"{item.Key}: {item.Value ?? "none"}"))})");
}
