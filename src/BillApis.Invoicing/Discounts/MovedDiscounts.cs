namespace BillApis.Invoicing;

/// <summary>Moves what coupons took off one bill between its lines, as adjustments change what those come to: each tax is on what one bill over all that was used would have left.</summary>
internal static class MovedDiscounts
{
    /// <summary>The invoice with the discounts on its adjustments; of lines that are not adjusted, adjustments with the same taxes bear the change, and where there are none it has a line of its own.</summary>
    /// <param name="invoice">The invoice that adjusts.</param>
    /// <param name="origin">The bill.</param>
    /// <param name="adjustments">The invoice's lines that adjust it.</param>
    /// <param name="total">What the coupons together take off more.</param>
    /// <param name="room">How many lines there is room for. Where that is not enough, one of each set of taxes has it for all that nothing can be given back of; where that is too little too, the adjustments bear it.</param>
    public static Invoice Apply(Invoice invoice, BilledOrigin origin, List<InvoiceLine> adjustments, Money total, int room)
    {
        var none = Money.Zero(invoice.Currency);
        var changes = origin.ChangesWith(adjustments).ToList();
        var rest = total - Sum(changes, none);
        var corrected = adjustments.Select(line => line.Corrects).ToHashSet();
        var moved = new List<List<(InvoiceLine Line, Money Change)>>();
        foreach (var alike in changes.GroupBy(item => changes.FindIndex(other => other.Line.BearsTaxesOf(item.Line))).Select(group => group.ToList()).ToList())
        {
            var others = alike.FindAll(item => !corrected.Contains(item.Line.Id));
            var mine = alike.Except(others).ToList();
            invoice = mine.Aggregate(invoice, (result, item) => CorrectedDiscounts.Borne(result, item.Change, line => line.Corrects == item.Line.Id));
            var bearing = mine.FindAll(item => origin.IsDiscounted(item.Line)).ConvertAll(item => item.Line.Id);
            if (bearing.Count > 0)
            {
                invoice = CorrectedDiscounts.Borne(invoice, Sum(others, none) + rest, line => line.Corrects is { } id && bearing.Contains(id));
                rest = none;
                continue;
            }

            moved.Add(others.FindAll(item => !item.Change.IsZero));
        }

        var lines = LinesOf(invoice, origin, moved, room);
        rest = lines is null ? rest + Sum(moved.SelectMany(alike => alike), none) : rest;

        // What several bills rounded by themselves is borne though no line that a coupon is for is adjusted.
        invoice = CorrectedDiscounts.Borne(invoice, rest, line => line.Corrects is { } id && corrected.Contains(id));
        return invoice with { Lines = [.. invoice.Lines.Select(line => line is { RefersBack: true, Discount.IsZero: true } ? line with { Discount = null } : line), .. lines ?? []] };
    }

    // Of a line of which a part was given back, that part was given back as coupons discounted it then: only the discount of the rest moves. Null where there is no room.
    private static List<InvoiceLine>? LinesOf(Invoice invoice, BilledOrigin origin, List<List<(InvoiceLine Line, Money Change)>> moved, int room)
    {
        var given = invoice.Lines.Where(line => line.GivesBack is not null).ToLookup(line => line.GivesBack!.Value, line => -line.Amount);
        var kept = moved.ConvertAll(alike => alike.ConvertAll(item => item with { Change = Money.Round(origin.KeptOf(item.Line, given[item.Line.Id].Aggregate(Money.Zero(invoice.Currency), (sum, amount) => sum + amount)).Apply(item.Change.Amount), invoice.Currency) }).FindAll(item => !item.Change.IsZero));
        if (kept.Sum(alike => alike.Count) <= room)
        {
            return [.. kept.SelectMany(alike => alike.Select(item => LineOf(origin, [item])))];
        }

        var together = kept.SelectMany(alike => alike.GroupBy(item => item.Line.InAdvance ? item.Line.Id : default).Select(group => LineOf(origin, [.. group.OrderByDescending(item => item.Line.Amount.MinorUnits)]))).Where(line => line.Discount is { IsZero: false }).ToList();
        return together.Count <= room ? together : null;
    }

    // That of several is called by the first of them.
    private static InvoiceLine LineOf(BilledOrigin origin, IReadOnlyList<(InvoiceLine Line, Money Change)> moved)
    {
        var (billed, change) = (moved[0].Line, Sum(moved, Money.Zero(moved[0].Change.Currency)));
        var taken = moved.Aggregate(Money.Zero(change.Currency), (sum, item) => sum + origin.TakenOff(item.Line));
        return new InvoiceLine
        {
            Kind = LineKind.Discount,
            Description = $"{billed.Description}{(moved.Count == 1 ? "" : $" and {moved.Count - 1} more")}: coupons take {taken + change}, not {taken}",
            Price = billed.Price,
            Product = billed.Product,
            Group = billed.Group,
            Quantity = 0,
            Amount = Money.Zero(change.Currency),
            Period = billed.Period,
            InAdvance = billed.InAdvance,
            Discount = change,
            Corrects = billed.Id,
            TaxCategory = billed.TaxCategory,
            Taxes = billed.DecidedTaxes,
        };
    }

    private static Money Sum(IEnumerable<(InvoiceLine Line, Money Change)> changes, Money none) => changes.Aggregate(none, (sum, item) => sum + item.Change);
}
