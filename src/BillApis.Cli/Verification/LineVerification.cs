using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Cli.Verification;

/// <summary>Recomputes each line of an invoice from its price, its part of the period and the events.</summary>
internal sealed class LineVerification(InvoiceExport export, Invoice invoice, IReadOnlyList<UsageEvent> events, EarlierBills earlier, Findings findings)
{
    private readonly int _digits = invoice.Currency.MinorUnitDigits;
    private readonly PeriodVerification _periods = new(export, findings);
    private readonly BeforeVerification _before = new(invoice, earlier, findings);

    public void Verify()
    {
        for (var i = 0; i < invoice.Lines.Length; i++)
        {
            Verify(invoice.Lines[i], string.Create(CultureInfo.InvariantCulture, $"invoice.lines[{i}]"));
        }
    }

    private void Verify(InvoiceLine line, string path)
    {
        _before.Verify(line, path);
        if (line.Amount.Currency != invoice.Currency)
        {
            findings.Add($"{path}.amount", $"is not in {invoice.Currency}");
        }
        else if (line.Corrects is not null && line.Kind is not (LineKind.Adjustment or LineKind.Discount or LineKind.Commitment))
        {
            findings.Add($"{path}.corrects", "is of a line that corrects nothing");
        }
        else if (line.Price is null)
        {
            VerifyOneOff(line, path);
        }
        else if (ExportedPrices.Of(export, line) is not { } price)
        {
            findings.Add($"{path}.price", "is not in the file");
        }
        else if (line.Kind is LineKind.UnusedTime)
        {
            VerifyUnused(line, price, path);
        }
        else if (line.Kind is LineKind.Discount)
        {
            VerifyMoved(line, path);
        }
        else if (line.Kind is LineKind.Minimum or LineKind.Maximum)
        {
            _periods.Verify(line, price.Terms, path);
            VerifyBound(line, price.Terms.In(invoice.Currency), path);
        }
        else
        {
            _periods.Verify(line, price.Terms, path);
            VerifyRated(line, price, path);
            VerifyKept(line, price.Terms.In(invoice.Currency), path);
        }
    }

    // What a maximum took off comes back with the rest; where coupons left nothing of it, a commitment still has to know of the time.
    private void VerifyUnused(InvoiceLine line, Price price, string path)
    {
        if (line.GivesBack is null || (price.Terms.MaximumAmount is null && line.Amount.MinorUnits > 0))
        {
            findings.Add($"{path}.amount", "gives nothing back of a line that was billed in advance");
        }
        else if (earlier.IsKnown)
        {
            new UnusedVerification(invoice, earlier, _periods, findings).Verify(line, price.Terms, path);
        }
    }

    // What coupons took off before is on other invoices; what they take off here stands among the discounts, and the line costs nothing.
    private void VerifyMoved(InvoiceLine line, string path)
    {
        findings.Expect($"{path}.amount", line.Amount, 0, "what a line that only moves a discount costs");
        findings.Expect($"{path}.quantity", line.Quantity, 0, "its quantity");
        if (line.Corrects is null || line.Discount is null or { IsZero: true } || invoice.Lines.Count(other => other.Corrects == line.Corrects) > 1)
        {
            findings.Add($"{path}.corrects", "moves no discount of a line of an earlier invoice that nothing else here adjusts");
        }
    }

    private void VerifyOneOff(InvoiceLine line, string path)
    {
        if (line.UnitAmount is { } unit)
        {
            findings.Expect($"{path}.amount", line.Amount, ((Rational)line.Quantity * unit).Round(_digits), "quantity × unit_amount");
        }
    }

    private void VerifyBound(InvoiceLine line, PriceTerms terms, string path)
    {
        var bound = line.Kind is LineKind.Minimum ? terms.MinimumAmount : terms.MaximumAmount;
        if (bound is not { } amount)
        {
            findings.Add($"{path}.kind", $"is {line.Kind}, but the price has none");
            return;
        }

        var bounded = BoundedLines.Of(invoice, line).ToList();
        if (bounded.Count == 0)
        {
            findings.Add(path, "is the bound of no line: a line was left out, or stands elsewhere");
        }

        if (line.Metric is not null && invoice.Lines.Any(other => other.Id != line.Id && other.Kind is LineKind.Minimum or LineKind.Maximum && (other.Price, other.Period, other.Subscription) == (line.Price, line.Period, line.Subscription)))
        {
            findings.Add(path, "is the bound of what another line bounds");
        }

        var difference = Prices.PartOf(amount, line, _digits) - bounded.Aggregate(BigInteger.Zero, (sum, other) => sum + other.Amount.MinorUnits);
        var over = bounded is [{ Metric: null } part] && Prices.AmountOf(terms, part.Quantity, []) is { } whole ? ((Rational)amount).CompareTo(whole) : difference.Sign;
        if (line.Kind is LineKind.Minimum ? over <= 0 : over >= 0)
        {
            findings.Add($"{path}.kind", $"is {line.Kind}, but its lines keep to it");
        }

        findings.Expect($"{path}.amount", line.Amount, difference, "what is missing to the bound, or beyond it,");
        findings.Expect($"{path}.quantity", line.Quantity, 1, "the quantity of a bound");
        findings.Expect($"{path}.unit_amount", line.UnitAmount, Rational.Of(difference, _digits), "the amount");
    }

    // A price that does not keep to its minimum or maximum is followed by what brings it there.
    private void VerifyKept(InvoiceLine line, PriceTerms terms, string path)
    {
        if (line.Kind switch { LineKind.Usage => !KeepsUsage(line, terms), LineKind.Flat or LineKind.Seat => !KeepsFixed(line, terms), _ => false }
            && !invoice.Lines.Any(other => other.Kind is LineKind.Minimum or LineKind.Maximum && BoundedLines.Of(invoice, other).Any(bounded => bounded.Id == line.Id)))
        {
            findings.Add(path, "does not keep to the minimum and maximum of its price: a line was left out");
        }
    }

    // The whole tells, since parts are a cent more or less than others.
    private bool KeepsFixed(InvoiceLine line, PriceTerms terms) => Prices.AmountOf(terms, line.Quantity, []) is not { } whole
        || (whole < terms.MinimumAmount ? terms.MinimumAmount : whole > terms.MaximumAmount ? terms.MaximumAmount : null) is not { } bound || Prices.PartOf(bound, line, _digits) == line.Amount.MinorUnits;

    private bool KeepsUsage(InvoiceLine line, PriceTerms terms)
    {
        // All lines of a charge are asked once, and what is not prorated once for a period that changes part.
        var charge = invoice.Lines.Where(other => other.Kind is LineKind.Usage && (other.Price, other.Period, other.Subscription) == (line.Price, line.Period, line.Subscription)).ToList();
        if (charge[0].Id != line.Id || _periods.TimelineOf(line) is { Entries.IsEmpty: false })
        {
            return true;
        }

        var (part, amount) = (_periods.PartOfBounds(line, terms), charge.Aggregate(BigInteger.Zero, (sum, other) => sum + other.Amount.MinorUnits));
        return !((terms.MinimumAmount * part)?.Round(_digits) > amount || (terms.MaximumAmount * part)?.Round(_digits) < amount);
    }

    private void VerifyRated(InvoiceLine line, Price price, string path)
    {
        var terms = price.Terms.In(invoice.Currency);
        var (quantity, parts) = line.Metric is null ? (line.Quantity, ImmutableArray<RatingEvent>.Empty) : Used(line, price, path);
        if (Prices.AmountOf(terms, quantity, parts) is not { } exact)
        {
            findings.Add($"{path}.price", $"is read as '{terms.Semantics}' reads it, which cannot be verified");
            return;
        }

        // Where a price is charged for no time any more, it costs nothing, whatever it asks for nothing used.
        var amount = line is { Kind: LineKind.Adjustment, Period: { } period } && period.Start == period.End ? 0 : line.Metric is null ? Prices.PartOf(exact, line, _digits) : exact.Round(_digits);
        if (line.Kind is LineKind.Adjustment)
        {
            VerifyAdjustment(line, price, quantity, amount, path);

            // What adjusts several groups at once has no tiers, nor has what is not used any more.
            if (quantity != 0 && (terms.GroupBy.IsEmpty || !line.Group.IsEmpty))
            {
                TierVerification.Verify(line, terms, quantity, parts.Length, exact, path, findings);
            }

            return;
        }

        findings.Expect($"{path}.amount", line.Amount, amount, "what its price and quantity come to");
        findings.Expect($"{path}.quantity", line.Quantity, quantity, "what its events come to");
        findings.Expect($"{path}.unit_amount", line.UnitAmount, quantity == 0 ? 0 : Rational.Of((exact / quantity).Round(12), 12), "the average of a unit");
        TierVerification.Verify(line, terms, quantity, parts.Length, exact, path, findings);
    }

    private void VerifyAdjustment(InvoiceLine line, Price price, decimal quantity, BigInteger amount, string path)
    {
        if (line.Adjustment is not { } now)
        {
            findings.Add($"{path}.adjustment", "is missing");
            return;
        }

        findings.Expect($"{path}.adjustment.quantity", now.Quantity, quantity, "what the events of the period come to by now");
        VerifyGroups(line, price, amount);
        var amounts = Now(line, now, price, amount);
        if (amounts is [var first, ..] && !amounts.Contains(now.Amount.MinorUnits))
        {
            findings.Expect($"{path}.adjustment.amount", now.Amount, first, "what that costs");
        }

        findings.Expect($"{path}.amount", line.Amount, now.Amount.MinorUnits - now.Billed.MinorUnits, "what it costs now, less what was billed,");
    }

    // What usage comes to by now, with what is missing to a minimum or beyond a maximum. An early bill asks no minimum, nor does one that was paid before; of several groups that one line adjusts it cannot be told.
    private List<BigInteger> Now(InvoiceLine line, LineAdjustment now, Price price, BigInteger amount)
    {
        var terms = price.Terms.In(invoice.Currency);
        if (terms is { MinimumAmount: null, MaximumAmount: null } || !line.Group.IsEmpty || line.Period?.Start == line.Period?.End)
        {
            return [amount];
        }

        // What groups cost stands on lines of their own.
        return terms.GroupBy.IsEmpty ? [.. Bounds(line, terms, amount).Select(bound => amount + bound)]
            : now.Quantity != 0 || GroupsOf(line, price) is not { } groups || groups.Count > Limits.LinesPerInvoice / 2 ? []
            : [.. Bounds(line, terms, Cost(groups, price, amount)).Select(bound => groups.Count == 0 ? amount + bound : bound)];
    }

    // What earlier documents billed of groups and what is adjusted here come to what all of them cost, so that none was left out.
    private void VerifyGroups(InvoiceLine line, Price price, BigInteger amount)
    {
        bool IsOf(InvoiceLine other) => (other.Price, other.Period?.Start) == (line.Price, line.Period?.Start) && other.Metric is not null;
        var mine = invoice.Lines.Where(other => IsOf(other) && other.Kind is LineKind.Adjustment && other.Subscription == line.Subscription).ToList();
        if (!earlier.IsKnown || price.Terms.GroupBy.IsEmpty || mine[0].Id != line.Id || GroupsOf(line, price) is not { } groups)
        {
            return;
        }

        var (said, cost) = (mine.Concat(earlier.LinesOf(line.Subscription ?? invoice.Subscription).Where(IsOf)).Aggregate(BigInteger.Zero, (sum, other) => sum + other.Amount.MinorUnits), Cost(groups, price, amount));
        var all = line.Period?.Start == line.Period?.End ? [0] : Bounds(line, price.Terms.In(invoice.Currency), cost).Select(bound => cost + bound).ToList();
        if (!all.Contains(said))
        {
            findings.Add("invoice.lines", $"adjust {line.Description} of {line.Period} to {said}, but all groups come to {all[0]}: a line was left out");
        }
    }

    private List<InvoiceLine>? GroupsOf(InvoiceLine line, Price price) => export.Metrics.TryGetValue(price.Metric?.ToString() ?? "", out var metric)
        ? [.. UsageCalculator.Read(_periods.RequestOf(line, metric, invoice) with { GroupBy = price.Terms.GroupBy }, events).Groups.Select(group => line with { Group = group.Dimensions.Values().ToImmutableSortedDictionary(StringComparer.Ordinal) })]
        : null;

    // Nothing that is used has a price too.
    private BigInteger Cost(List<InvoiceLine> groups, Price price, BigInteger nothing) => groups.Count == 0 ? nothing
        : groups.Select(group => Used(group, price, "")).Select(group => Prices.AmountOf(price.Terms.In(invoice.Currency), group.Quantity, group.Events)?.Round(_digits) ?? 0).Aggregate(BigInteger.Zero, (sum, cost) => sum + cost);

    private BigInteger[] Bounds(InvoiceLine line, PriceTerms terms, BigInteger amount)
    {
        var (least, most) = ((terms.MinimumAmount * Rational.Of(line.Factor))?.Round(_digits), (terms.MaximumAmount * Rational.Of(line.Factor))?.Round(_digits));
        var beyond = amount > most ? most.Value - amount : 0;
        return [amount < least ? least.Value - amount : beyond, beyond];
    }

    // The quantity of the line's group, and the events of it where its price looks at those.
    private (decimal Quantity, ImmutableArray<RatingEvent> Events) Used(InvoiceLine line, Price price, string path)
    {
        if (line.Period is null || !export.Metrics.TryGetValue(price.Metric?.ToString() ?? "", out var metric))
        {
            findings.Add($"{path}.metric", "is not in the file");
            return (line.Quantity, []);
        }

        if (IsBeside(line, price.Terms))
        {
            return (0, []);
        }

        var request = _periods.RequestOf(line, metric, invoice) with { GroupBy = price.Terms.Dimensions };
        bool IsMine(IEnumerable<KeyValuePair<string, string?>> values) => line.Group.All(wanted => values.Any(value => value.Key == wanted.Key && value.Value == wanted.Value));
        if (price.Terms.Model is PercentagePrice or DynamicPrice)
        {
            var property = (price.Terms.Model as DynamicPrice)?.AmountProperty;
            ImmutableArray<RatingEvent> amounts = [.. MeasuredEvent.Of(request, events)
                .Where(item => IsMine(line.Group.Select(value => KeyValuePair.Create(value.Key, item.Event.Properties[value.Key] is { Kind: not PropertyKind.Null } found ? found.Text : null))))
                .Select(item => property is not null && item.Event.Properties[property].TryNumber(out var amount) ? amount : item.Value)
                .Select(amount => new RatingEvent(amount, amount, ImmutableSortedDictionary<string, string>.Empty))];
            return (amounts.Sum(item => item.Quantity), amounts);
        }

        var groups = UsageCalculator.Read(request, events).Groups.Where(group => IsMine(group.Dimensions.Values())).ToList();
        return (groups.Sum(group => group.Value), [.. groups.Select(group => new RatingEvent(0, group.Value, group.Dimensions.Values().Where(value => value.Value is not null).ToImmutableSortedDictionary(value => value.Key, value => value.Value!, StringComparer.Ordinal)))]);
    }

    // What is missing to the minimum of groups, or beyond their maximum, is no usage: lines here or on earlier invoices have that, group by group.
    private bool IsBeside(InvoiceLine line, PriceTerms terms) => invoice.Lines.Any(other => OnceVerification.IsReplaced(line, other))
        || (line is { Kind: LineKind.Adjustment, Group.IsEmpty: true, Adjustment.Quantity: 0 } && !terms.GroupBy.IsEmpty && (terms.MinimumAmount ?? terms.MaximumAmount) is not null
            && earlier.LinesOf(line.Subscription ?? invoice.Subscription).Any(other => !other.Group.IsEmpty && other.Price == line.Price && other.Period?.Start == line.Period?.Start));
}
