using BillApis.Invoicing;

namespace BillApis;

/// <summary>Finds the bills that settled intervals of commitments and charged nothing as missing: what is missing of those after all bears their coupons and taxes.</summary>
internal sealed class SettledIntervals(Settlements settlements)
{
    /// <summary>The line over nothing of each such interval, by its bill.</summary>
    /// <param name="intervals">The intervals.</param>
    /// <param name="bills">What was billed the subscription.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ILookup<InvoiceId, InvoiceLine>> OfAsync(IEnumerable<CommitmentPeriod> intervals, IReadOnlyList<Invoice> bills, CancellationToken cancellationToken)
    {
        var found = new List<(InvoiceId Bill, InvoiceLine Line)>();
        foreach (var interval in intervals.Where(interval => BoundBills.ChargedFor(interval, bills) is null))
        {
            if (BoundBills.Earliest(bills, bill => bill.Kind is InvoiceKind.Subscription or InvoiceKind.Consolidated && bill.CreatedAt == interval.SettledAt) is { } bill)
            {
                found.Add((bill.Id, SettledCommitment.On(bill, interval, SettledCommitment.TaxesOn(bill) ?? await settlements.TaxesAsync(bill, cancellationToken).ConfigureAwait(false))));
            }
        }

        return found.ToLookup(item => item.Bill, item => item.Line);
    }
}
