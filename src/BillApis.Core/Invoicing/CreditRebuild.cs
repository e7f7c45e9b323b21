using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Compares grants with their entries, and those with what invoices say that they used; what can be set is set to what the entries come to.</summary>
internal sealed class CreditRebuild(ICreditStore store, IInvoiceStore invoices, IClock clock)
{
    private const int MaxAttempts = 8;

    public async Task<IReadOnlyList<CreditDifference>> RunAsync(TenantId tenant, bool set, CancellationToken cancellationToken)
    {
        var found = new List<CreditDifference>();
        for (var customer = await store.NextCustomerAsync(tenant, null, cancellationToken).ConfigureAwait(false); customer is { } next; customer = await store.NextCustomerAsync(tenant, next, cancellationToken).ConfigureAwait(false))
        {
            found.AddRange(await CompareAsync(tenant, next, set, cancellationToken).ConfigureAwait(false));
        }

        return found;
    }

    // Grants and invoices are read one after the other, and somebody may bill between: what differs is told once it is found twice alike.
    private async Task<IReadOnlyList<CreditDifference>> CompareAsync(TenantId tenant, CustomerId customer, bool set, CancellationToken cancellationToken)
    {
        IReadOnlyList<CreditDifference>? before = null;
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var counts = await store.CountAsync(tenant, customer, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<CreditDifference> found = [.. counts.SelectMany(Of), .. await UsesAsync(tenant, customer, counts, cancellationToken).ConfigureAwait(false)];
            if (found.Count == 0 || (before is not null && found.SequenceEqual(before) && (!set || await SetAsync(tenant, customer, counts, cancellationToken).ConfigureAwait(false))))
            {
                return found;
            }

            before = found;
        }

        throw new BillingException(BillingErrorCode.Conflict, $"The credit of the customer '{customer}' is being used by others; try again.");
    }

    // A balance that is set may fall below a threshold, as by anything else.
    private async Task<bool> SetAsync(TenantId tenant, CustomerId customer, IReadOnlyList<CreditCount> counts, CancellationToken cancellationToken)
    {
        var wrong = counts.Where(count => Of(count).Any(difference => difference.CanBeSet)).ToList();
        if (wrong.Count == 0)
        {
            return true;
        }

        var book = new CreditBook(store);
        await book.LoadAsync(tenant, [customer], cancellationToken).ConfigureAwait(false);
        book.Join(wrong.Select(count => count.Grant));
        book.Put(wrong.Select(count => count.Grant with { Balance = count.Counted, EntryCount = count.Entries }));
        return await book.SaveAsync(tenant, clock.GetCurrentInstant(), [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
    }

    private static IEnumerable<CreditDifference> Of(CreditCount count)
    {
        if (!count.IsRight)
        {
            yield return new CreditDifference(count.Grant.Customer, count.Grant.Id, CreditDifferenceKind.Balance, count.Grant.Balance == count.Counted ? count.Listed : count.Grant.Balance, count.Counted) { Entry = count.Broken };
        }

        if (count.Broken is { } entry)
        {
            yield return new CreditDifference(count.Grant.Customer, count.Grant.Id, CreditDifferenceKind.Entry, count.Grant.Balance, count.Counted) { Entry = entry };
        }
    }

    private async Task<IReadOnlyList<CreditDifference>> UsesAsync(TenantId tenant, CustomerId customer, IReadOnlyList<CreditCount> counts, CancellationToken cancellationToken)
    {
        var used = counts.SelectMany(count => count.Used.Select(use => (Key: (Grant: count.Grant.Id, Invoice: use.Key), use.Value))).ToDictionary(use => use.Key, use => use.Value);
        var found = new List<CreditDifference>();
        await foreach (var invoice in invoices.AllAsync(tenant, new StoreQuery { Limit = Limits.PageSize }.With("customer_id", customer.ToString()), cancellationToken).ConfigureAwait(false))
        {
            foreach (var use in invoice.Credits)
            {
                // A draft has used no credit yet, and what was withdrawn gave it back.
                var kept = invoice.Status is InvoiceStatus.Draft or InvoiceStatus.Canceled ? Money.Zero(use.Amount.Currency) : use.Amount;
                var counted = used.Remove((use.Grant, invoice.Id), out var entries) ? entries : Money.Zero(use.Amount.Currency);
                Compare(use.Grant, invoice.Id, kept, counted);
            }
        }

        foreach (var (key, counted) in used)
        {
            Compare(key.Grant, key.Invoice, Money.Zero(counted.Currency), counted);
        }

        return [.. found.OrderBy(difference => difference.Grant.ToString(), StringComparer.Ordinal).ThenBy(difference => difference.Invoice.ToString(), StringComparer.Ordinal)];

        void Compare(CreditGrantId grant, InvoiceId invoice, Money kept, Money counted)
        {
            if (kept != counted)
            {
                found.Add(new CreditDifference(customer, grant, CreditDifferenceKind.Use, kept, counted) { Invoice = invoice });
            }
        }
    }
}
