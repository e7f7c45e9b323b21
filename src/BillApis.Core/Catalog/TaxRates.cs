using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>The rate tables that taxes are decided by.</summary>
public sealed class TaxRates(IStore<TaxRate> store, IStore<Invoice> invoices, IClock clock) : MasterData<TaxRate>(store, clock)
{
    private protected override async Task<string?> UsedByAsync(TaxRate item, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("status", "draft");
        return await invoices.FirstAsync(item.Tenant, query, draft => draft.TaxLines.Any(line => line.Tax.Rate == item.Id), cancellationToken).ConfigureAwait(false) is { } user
            ? $"the draft invoice '{user.Id}'"
            : null;
    }
}
