namespace BillApis.Invoicing;

/// <summary>Moves what coupons took off one bill between its lines, as adjustments change what those come to: each tax is on what one bill over all that was used would have left.</summary>
internal static class MovedDiscounts
{
    /// <summary>The invoice with the discounts on its adjustments; of lines that are not adjusted, adjustments with the same taxes bear the change, and where there are none it has a line of its own.</summary>
    /// <param name="invoice">The invoice that adjusts.</param>
    /// <param name="origin">The bill.</param>
    /// <param name="adjustments">The invoice's lines that adjust it.</param>
    /// <param name="total">What the coupons together take off more.</param>
    /// <param name="isApart">Whether each line that is not adjusted may have one; else one of each set of taxes has it for all.</param>
    public static Invoice Apply(Invoice invoice, BilledOrigin origin, List<InvoiceLine> adjustments, Money total, bool isApart)
    {
        var none = Money.Zero(invoice.Currency);
        var changes = origin.ChangesWith(adjustments).ToList();
        var rest = total - Sum(changes, none);
        var corrected = adjustments.Select(line => line.Corrects).ToHashSet();
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

            List<(InvoiceLine Line, Money Change)> moved = isApart || others.Count == 0 ? others : [(others.MaxBy(item => item.Line.Amount.MinorUnits).Line, Sum(others, none))];
            invoice = invoice with { Lines = invoice.Lines.AddRange(moved.Where(item => !item.Change.IsZero).Select(item => LineOf(origin, item.Line, item.Change))) };
        }

        // What several bills rounded by themselves is borne though no line that a coupon is for is adjusted.
        invoice = CorrectedDiscounts.Borne(invoice, rest, line => line.Corrects is { } id && corrected.Contains(id));
        return invoice with { Lines = [.. invoice.Lines.Select(line => line is { RefersBack: true, Discount.IsZero: true } ? line with { Discount = null } : line)] };
    }

    private static InvoiceLine LineOf(BilledOrigin origin, InvoiceLine billed, Money change)
    {
        var taken = origin.TakenOff(billed);
        return new InvoiceLine
        {
            Kind = LineKind.Discount,
            Description = $"{billed.Description}: coupons take {taken + change}, not {taken}",
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
