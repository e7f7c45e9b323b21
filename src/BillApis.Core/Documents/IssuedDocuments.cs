using System.Collections.Immutable;
using BillApis.Invoicing;

namespace BillApis;

/// <summary>Proves that issued invoices and credit memos are still those that were issued.</summary>
public sealed class IssuedDocuments(IInvoiceStore invoices, IStore<CreditMemo> memos, IStore<Customer> customers)
{
    // A tenant that named no legal entity.
    private static readonly InvoiceParty Unnamed = new("Seller");

    /// <summary>Recomputes every hash of a tenant's series and follows them from the first document to the last.</summary>
    public async Task<ChainReport> VerifyAsync(TenantId tenant, CancellationToken cancellationToken = default)
    {
        // The heads come first: what is issued meanwhile lies behind them and is not looked at.
        var series = await invoices.SeriesAsync(tenant, cancellationToken).ConfigureAwait(false);
        var links = (await LinksAsync(invoices, tenant, invoice => Link(invoice.Series, invoice.Number, invoice.Id.ToString(), invoice.Seal, () => IssuedDocument.Of(invoice)), cancellationToken).ConfigureAwait(false))
            .Concat(await LinksAsync(memos, tenant, memo => Link(memo.Series, memo.Number, memo.Id.ToString(), memo.Seal, () => IssuedDocument.Of(memo)), cancellationToken).ConfigureAwait(false))
            .ToLookup(link => link.Series, link => link.Link, StringComparer.Ordinal);
        var later = (await invoices.SeriesAsync(tenant, cancellationToken).ConfigureAwait(false)).ToDictionary(chain => chain.Series, chain => chain.Last, StringComparer.Ordinal);
        return new ChainReport(
            [.. series.Select(chain => new SeriesReport(chain.Series, chain.Last, chain.Hash))],
            [.. series.SelectMany(chain => chain.Verify(links[chain.Series].Where(link => link.Number <= chain.Last || link.Number > later[chain.Series])))]);
    }

    /// <summary>Between whom an invoice is, and in which zone and language it is written.</summary>
    public async Task<DocumentParties> PartiesAsync(Invoice invoice, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        var customer = await customers.GetAsync(invoice.Tenant, Customer.Kind, invoice.Customer.ToString(), cancellationToken).ConfigureAwait(false);
        return new DocumentParties(invoice.Seller ?? Unnamed, invoice.BillTo ?? customer.Party, customer.Zone, InvoiceLocale.Of(invoice.Locale ?? customer.Locale));
    }

    private static (string Series, ChainLink Link)? Link(string series, long? number, string id, DocumentSeal? seal, Func<byte[]> canonical) =>
        number is { } given ? (series, new ChainLink(given, id, seal, seal?.Fits(canonical()) ?? true)) : null;

    private static async Task<List<(string Series, ChainLink Link)>> LinksAsync<T>(IStore<T> store, TenantId tenant, Func<T, (string Series, ChainLink Link)?> linkOf, CancellationToken cancellationToken)
        where T : class, IEntity<T>
    {
        var links = new List<(string Series, ChainLink Link)>();
        await foreach (var item in store.AllAsync(tenant, new StoreQuery { Limit = Limits.PageSize }, cancellationToken).ConfigureAwait(false))
        {
            if (linkOf(item) is { } link)
            {
                links.Add(link);
            }
        }

        return links;
    }
}

/// <summary>What was found in a tenant's series of documents.</summary>
/// <param name="Series">The series.</param>
/// <param name="Faults">What is wrong; empty where every document is what was issued.</param>
public sealed record ChainReport(ImmutableArray<SeriesReport> Series, ImmutableArray<ChainFault> Faults);

/// <summary>A series of documents.</summary>
/// <param name="Series">What its numbers begin with.</param>
/// <param name="Documents">How many numbers it gave.</param>
/// <param name="Hash">The hash of its last document: whoever keeps it elsewhere can prove all before it.</param>
public sealed record SeriesReport(string Series, long Documents, string? Hash);
