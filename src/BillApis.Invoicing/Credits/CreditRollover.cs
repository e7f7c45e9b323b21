namespace BillApis.Invoicing;

/// <summary>Tells what the refills of a grant would have let through of credit that comes back after them.</summary>
internal static class CreditRollover
{
    /// <summary>What is left of an amount that an invoice used and gives back now: each refill since keeps no more than its rollover, together with what was there then and what came back before.</summary>
    /// <param name="entries">All entries of the grant, in their order.</param>
    /// <param name="amount">What the invoice used.</param>
    /// <param name="invoice">The invoice.</param>
    /// <param name="rollover">How much each refill carries over.</param>
    public static Money Left(IReadOnlyList<CreditEntry> entries, Money amount, InvoiceId invoice, Money rollover)
    {
        // What a refill filled up was carried over into it.
        Money[] room = [.. entries.Select(entry => entry.Kind is CreditEntryKind.Refilled ? rollover - (entry.Balance - entry.Amount) : Money.Zero(amount.Currency))];
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i] is { Kind: CreditEntryKind.Returned, Invoice: { } returned })
            {
                Through(entries[i].Amount, returned, i);
            }
        }

        return Through(amount, invoice, entries.Count);

        Money Through(Money back, InvoiceId by, int end)
        {
            var used = Enumerable.Range(0, end).Last(i => entries[i].Kind is CreditEntryKind.Used && entries[i].Invoice == by);
            foreach (var refill in Enumerable.Range(used, end - used).Where(i => entries[i].Kind is CreditEntryKind.Refilled))
            {
                back = back < room[refill] ? back : room[refill];
                room[refill] -= back;
            }

            return back;
        }
    }
}
