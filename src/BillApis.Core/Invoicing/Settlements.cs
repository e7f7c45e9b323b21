using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Puts credits and taxes on drafts: previews and runs go through here alike.</summary>
internal sealed class Settlements(ITaxCalculator taxes, ICreditStore credits, IStore<Customer> customers, IStore<Product> products, IssueTermsReader terms, IClock clock)
{
    /// <summary>The grants of no customer yet.</summary>
    public CreditBook NewBook() => new(credits);

    /// <summary>The drafts of one tenant with credits and taxes, in their order: each uses what those before it left in the book. A draft that cannot be kept exactly answers why.</summary>
    public async Task<IReadOnlyList<Settled>> SettleAsync(TenantId tenant, IReadOnlyList<Invoice> drafts, CreditBook book, CancellationToken cancellationToken)
    {
        var at = clock.GetCurrentInstant();
        await book.LoadAsync(tenant, drafts.Select(draft => draft.Customer), cancellationToken).ConfigureAwait(false);
        var decided = await DecideAsync(tenant, drafts, cancellationToken).ConfigureAwait(false);
        return [.. decided.Select(item => Settle(item, book, Instant.Max(at, item.Draft.CreatedAt)))];
    }

    /// <summary>A draft with its taxes, and without credits.</summary>
    /// <exception cref="BillingException">It comes to more than can be kept exactly.</exception>
    public async Task<Invoice> TaxedAsync(Invoice draft, CancellationToken cancellationToken)
    {
        var decided = (await DecideAsync(draft.Tenant, [draft], cancellationToken).ConfigureAwait(false)).Single();
        return BillingException.OrTooMuch("The invoice with its taxes", () => InvoiceTaxes.Apply(decided.Draft, decided.Taxes));
    }

    /// <summary>A draft with credits and taxes.</summary>
    /// <exception cref="BillingException">It comes to more than can be kept exactly.</exception>
    public async Task<Invoice> SettledAsync(Invoice draft, CancellationToken cancellationToken)
    {
        var settled = (await SettleAsync(draft.Tenant, [draft], NewBook(), cancellationToken).ConfigureAwait(false)).Single();
        return settled.Failure is null ? settled.Invoice : throw settled.Failure;
    }

    /// <summary>What a customer's invoices take from it and from who sells.</summary>
    public async Task<IssueTerms> TermsAsync(Customer customer, CancellationToken cancellationToken) =>
        (await terms.ReadAsync(customer.Tenant, [customer], cancellationToken).ConfigureAwait(false))[customer.Id];

    /// <summary>The taxes that a line without a category bears as of an invoice.</summary>
    public async Task<ImmutableArray<LineTax>> TaxesAsync(Invoice invoice, CancellationToken cancellationToken)
    {
        var customer = await customers.FindAsync(invoice.Tenant, invoice.Customer.ToString(), cancellationToken).ConfigureAwait(false);
        var query = QueryOf(invoice, customer) with { Lines = [new TaxableLine(null, Money.Zero(invoice.Currency))] };
        var decided = await taxes.DecideAsync(invoice.Tenant, [query], cancellationToken).ConfigureAwait(false);
        return [.. decided.Single().Lines.SelectMany(line => line).Select(tax => new LineTax(tax, Money.Zero(invoice.Currency)))];
    }

    private async Task<IReadOnlyList<Decided>> DecideAsync(TenantId tenant, IReadOnlyList<Invoice> drafts, CancellationToken cancellationToken)
    {
        var found = (await customers.FindManyAsync(tenant, [.. drafts.Select(draft => draft.Customer).Distinct().Select(id => id.ToString())], cancellationToken).ConfigureAwait(false)).ToDictionary(customer => customer.Id);
        var categorized = await CategorizedAsync(tenant, drafts, cancellationToken).ConfigureAwait(false);
        var decisions = await taxes.DecideAsync(tenant, [.. categorized.Select(draft => QueryOf(draft, found.GetValueOrDefault(draft.Customer)))], cancellationToken).ConfigureAwait(false);
        var known = await terms.ReadAsync(tenant, found.Values, cancellationToken).ConfigureAwait(false);
        return [.. categorized.Zip(decisions, (draft, decision) => new Decided(known.TryGetValue(draft.Customer, out var put) ? put.Put(draft) : draft, AsBilled(draft, decision), put))];
    }

    // What gives back or adjusts what was billed bears the taxes that were decided then.
    private static TaxDecision AsBilled(Invoice draft, TaxDecision decision) => draft.Lines.All(line => !line.RefersBack) ? decision : new TaxDecision(
        [.. draft.Lines.Select((line, i) => line.RefersBack ? [.. line.Taxes.Select(tax => tax.Tax)] : decision.Lines.IsEmpty ? [] : decision.Lines[i])]);

    private static Settled Settle(Decided item, CreditBook book, Instant at)
    {
        try
        {
            MoneyCheck.Charges(item.Draft);
            var settled = InvoiceSettlement.Settle(item.Draft, book.Of(item.Draft.Customer), item.Taxes, at);
            book.Put(settled.Grants);
            return new Settled(settled.Invoice, item.Terms, null);
        }
        catch (OverflowException overflow)
        {
            return new Settled(item.Draft, item.Terms, BillingException.TooMuch("The invoice with its taxes and credits", overflow));
        }
    }

    private static TaxQuery QueryOf(Invoice draft, Customer? customer) => new(
        draft.CreatedAt,
        draft.Currency,
        customer is null ? new TaxProfile() : new TaxProfile(customer.Country ?? customer.Address?.Country, customer.Address?.Region, customer.Address?.PostalCode, customer.TaxId, customer.TaxExempt),
        [.. draft.Lines.Select(line => new TaxableLine(line.TaxCategory, line.Net))]);

    // A price without a tax category of its own has its product's.
    private async Task<IReadOnlyList<Invoice>> CategorizedAsync(TenantId tenant, IReadOnlyList<Invoice> drafts, CancellationToken cancellationToken)
    {
        var categories = new Dictionary<ProductId, string?>();
        foreach (var id in drafts.SelectMany(draft => draft.Lines).Where(line => line.TaxCategory is null).Select(line => line.Product).OfType<ProductId>().Distinct())
        {
            categories[id] = (await products.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false))?.TaxCategory;
        }

        return categories.Values.All(category => category is null) ? drafts : [.. drafts.Select(draft => draft with
        {
            Lines = [.. draft.Lines.Select(line => line is { TaxCategory: null, Product: { } product } && categories[product] is { } category ? line with { TaxCategory = category } : line)],
        })];
    }
}

/// <summary>A draft, what was decided about its taxes, and the terms of its customer.</summary>
internal sealed record Decided(Invoice Draft, TaxDecision Taxes, IssueTerms? Terms);

/// <summary>An invoice with credits and taxes, the terms of its customer, and why it could not be made where it could not.</summary>
internal sealed record Settled(Invoice Invoice, IssueTerms? Terms, BillingException? Failure);
