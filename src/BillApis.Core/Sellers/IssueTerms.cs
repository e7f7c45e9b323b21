using BillApis.Invoicing;

namespace BillApis;

/// <summary>What an invoice takes from its customer and from who sells: the parties, the series, and the time to pay.</summary>
internal sealed record IssueTerms(Customer Customer, LegalEntity? Entity, int PaymentTermsDays)
{
    public Invoice Put(Invoice draft) => draft with
    {
        LegalEntity = Entity?.Id,
        Series = Entity?.InvoiceSeries ?? Invoice.DefaultSeries,
        CreditMemoSeries = Entity?.CreditMemoSeries ?? CreditMemo.DefaultSeries,
        Seller = Entity?.Party,
        BillTo = Customer.Party,
        Locale = Customer.Locale,
        PurchaseOrder = draft.PurchaseOrder ?? Customer.PurchaseOrder,
    };
}

/// <summary>Finds the terms: the customer's own choices before the tenant's.</summary>
internal sealed class IssueTermsReader(Settings settings, IStore<LegalEntity> entities)
{
    private const int DefaultPaymentTermsDays = 30;

    /// <summary>The terms of customers of one tenant.</summary>
    public async Task<IReadOnlyDictionary<CustomerId, IssueTerms>> ReadAsync(TenantId tenant, IEnumerable<Customer> customers, CancellationToken cancellationToken)
    {
        var (terms, known) = (new Dictionary<CustomerId, IssueTerms>(), new Dictionary<LegalEntityId, LegalEntity>());
        var chosen = await settings.RecentAsync(tenant, cancellationToken).ConfigureAwait(false);
        foreach (var customer in customers)
        {
            var id = customer.LegalEntity ?? chosen.LegalEntity;
            if (id is { } asked && !known.ContainsKey(asked))
            {
                known[asked] = await entities.GetAsync(tenant, LegalEntity.Kind, asked.ToString(), cancellationToken).ConfigureAwait(false);
            }

            terms[customer.Id] = new IssueTerms(customer, id is { } found ? known[found] : null, customer.PaymentTermsDays ?? chosen.PaymentTermsDays ?? DefaultPaymentTermsDays);
        }

        return terms;
    }
}
