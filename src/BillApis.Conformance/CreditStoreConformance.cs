using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="ICreditStore"/> must do beside <see cref="StoreConformance"/>, and every <see cref="IInvoiceStore"/> with the grants of an invoice; derive once for each database.</summary>
public abstract class CreditStoreConformance(StoreFixture fixture)
{
    private static readonly Instant January = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Instant February = Instant.FromUtc(2026, 2, 1, 0, 0);
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly CustomerId _customer = EntityId.New<CustomerId>();

    private ICreditStore Store => fixture.Get<ICreditStore>();

    private IInvoiceStore Invoices => fixture.Get<IInvoiceStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_grant_reads_back_whole_with_what_moved_it()
    {
        var grant = NewGrant() with
        {
            Scope = new CreditScope { Metrics = [EntityId.New<MetricId>()], Products = [EntityId.New<ProductId>()] },
            Recurrence = new GrantRecurrence(new BillingInterval(IntervalUnit.Month, 1), Dollars(3)),
            TopUp = new AutoTopUp(Dollars(5), Target: Dollars(50)),
        };
        await Store.SaveAsync(_tenant, [grant], [], Token);
        var invoice = EntityId.New<InvoiceId>();
        await Store.SaveAsync(_tenant, [(await ReadAsync(grant)).Use(Dollars(4), invoice, January)], [], Token);

        var read = await ReadAsync(grant);
        Assert.Equal((Dollars(6), 2, 2L, grant.Period, grant.Recurrence, grant.TopUp), (read.Balance, read.EntryCount, read.Version, read.Period, read.Recurrence, read.TopUp));
        Assert.Equal(grant.Scope.Metrics.AsEnumerable(), read.Scope.Metrics);
        Assert.Equal(grant.Scope.Products.AsEnumerable(), read.Scope.Products);
        Assert.Empty(read.Entries);
        var entries = (await Store.EntriesAsync(_tenant, _customer, new StoreQuery().With("grant_id", grant.Id.ToString()), Token)).Items;
        Assert.Equal([(1, CreditEntryKind.Used, Dollars(-4), Dollars(6), invoice), (0, CreditEntryKind.Granted, Dollars(10), Dollars(10), null)], entries.Select(entry => (entry.Number, entry.Kind, entry.Amount, entry.Balance, entry.Invoice)));
    }

    [Fact]
    public async Task Entries_are_listed_page_by_page_and_each_once()
    {
        foreach (var grant in Enumerable.Range(0, 5).Select(_ => NewGrant()))
        {
            await Store.SaveAsync(_tenant, [grant.AdvancedTo(January)], [], Token);
        }

        var (seen, after) = (new List<CreditEntryId>(), (string?)null);
        do
        {
            var page = await Store.EntriesAsync(_tenant, _customer, new StoreQuery { Limit = 2, After = after }, Token);
            (after, _) = (page.Next, seen.Count);
            seen.AddRange(page.Items.Select(entry => entry.Id));
        }
        while (after is not null);
        Assert.Equal((5, 5), (seen.Count, seen.Distinct().Count()));
        Assert.Empty((await Store.EntriesAsync(EntityId.New<TenantId>(), _customer, new StoreQuery(), Token)).Items);
    }

    [Fact]
    public async Task One_of_many_who_use_the_same_grant_wins()
    {
        var grant = NewGrant();
        await Store.SaveAsync(_tenant, [grant], [], Token);
        var read = await ReadAsync(grant);

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Store : fixture.GetFromAnotherNode<ICreditStore>()).SaveAsync(_tenant, [read.Use(Dollars(7), EntityId.New<InvoiceId>(), January)], [], Token))));

        Assert.Single(results, SaveResult.Saved);
        Assert.Equal(Dollars(3), (await ReadAsync(grant)).Balance);
        Assert.Equal(2, (await Store.EntriesAsync(_tenant, _customer, new StoreQuery(), Token)).Items.Count);
    }

    [Fact]
    public async Task An_invoice_stands_or_falls_with_the_grants_that_it_used()
    {
        var grant = NewGrant();
        await Store.SaveAsync(_tenant, [grant], [], Token);
        var read = await ReadAsync(grant);
        var (first, second) = (NewInvoice(), NewInvoice());

        Assert.Equal(SaveResult.Saved, await Invoices.SaveAsync(_tenant, new InvoiceWrite([first], []) { Grants = [read.Use(Dollars(7), first.Id, January)] }, Token));
        Assert.Equal(SaveResult.Conflict, await Invoices.SaveAsync(_tenant, new InvoiceWrite([second], []) { Grants = [read.Use(Dollars(7), second.Id, January)] }, Token));

        Assert.Null(await Invoices.FindAsync(_tenant, second.Id.ToString(), Token));
        Assert.Equal(Dollars(3), (await ReadAsync(grant)).Balance);
        Assert.Equal(SaveResult.Saved, await Invoices.SaveAsync(_tenant, new InvoiceWrite([second], []) { Grants = [(await ReadAsync(grant)).Use(Dollars(3), second.Id, January)] }, Token));
        Assert.Equal(2, (await Invoices.FindAsync(_tenant, second.Id.ToString(), Token))!.Number);
    }

    [Fact]
    public async Task A_new_grant_with_a_top_up_is_stored_with_all_that_is_open_or_not_at_all()
    {
        var (open, ended, other) = (NewGrant(), NewGrant(February).AdvancedTo(February), NewGrant() with { Customer = EntityId.New<CustomerId>() });
        await Store.SaveAsync(_tenant, [open, ended, other], [], Token);
        var rule = NewGrant() with { TopUp = new AutoTopUp(Dollars(5), Target: Dollars(50)) };

        Assert.Equal(SaveResult.Conflict, await Store.SaveAsync(_tenant, [rule], [], Token));
        Assert.Null(await Store.FindAsync(_tenant, rule.Id.ToString(), Token));
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, [await ReadAsync(open), rule], [], Token));
        Assert.Equal(2, (await ReadAsync(open)).Version);
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, [(await ReadAsync(rule)).Use(Dollars(1), EntityId.New<InvoiceId>(), January)], [], Token));
    }

    [Fact]
    public async Task Of_many_grants_with_a_top_up_that_are_made_at_once_one_is_stored()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Store : fixture.GetFromAnotherNode<ICreditStore>()).SaveAsync(_tenant, [NewGrant() with { TopUp = new AutoTopUp(Dollars(5), Target: Dollars(50)) }], [], Token))));

        Assert.Single(results, SaveResult.Saved);
        Assert.Single(await Store.OpenAsync(_tenant, [_customer], Token));
    }

    [Fact]
    public async Task What_has_ended_is_not_open_and_what_changes_by_itself_is_due()
    {
        var (ever, ends, ended) = (NewGrant(), NewGrant(February), NewGrant(February).AdvancedTo(February));
        await Store.SaveAsync(_tenant, [ever, ends, ended], [], Token);

        Assert.Equal([ever.Id, ends.Id], (await Store.OpenAsync(_tenant, [_customer, EntityId.New<CustomerId>()], Token)).Select(grant => grant.Id));
        Assert.Equal([ever.Id, ended.Id], (await Store.FindAsync(_tenant, [ever.Id, ended.Id], Token)).Select(grant => grant.Id));
        Assert.Contains(await Store.DueAsync(February, 500, Token), grant => grant.Id == ends.Id);
        Assert.DoesNotContain(await Store.DueAsync(February - Duration.FromSeconds(1), 500, Token), grant => grant.Id == ends.Id);
        Assert.DoesNotContain(await Store.DueAsync(Instant.MaxValue - Duration.FromDays(1), 500, Token), grant => grant.Id == ever.Id || grant.Id == ended.Id);
    }

    [Fact]
    public async Task What_the_entries_of_a_grant_come_to_is_counted()
    {
        Assert.Null(await Store.NextCustomerAsync(_tenant, null, Token));
        var (grant, other, invoice, withdrawn) = (NewGrant(), NewGrant(), EntityId.New<InvoiceId>(), EntityId.New<InvoiceId>());
        await Store.SaveAsync(_tenant, [grant, other], [], Token);
        await Store.SaveAsync(_tenant, [(await ReadAsync(grant)).Use(Dollars(4), invoice, January).Use(Dollars(1), withdrawn, January)], [], Token);
        await Store.SaveAsync(_tenant, [(await ReadAsync(grant)).Return(Dollars(1), withdrawn, January, [])], [], Token);

        Assert.Equal(_customer, await Store.NextCustomerAsync(_tenant, null, Token));
        Assert.Null(await Store.NextCustomerAsync(_tenant, _customer, Token));
        var counts = await Store.CountAsync(_tenant, _customer, Token);
        Assert.Equal([(grant.Id, Dollars(6), 4, true), (other.Id, Dollars(10), 1, true)], counts.Select(count => (count.Grant.Id, count.Counted, count.Entries, count.IsRight)).OrderBy(count => count.Entries == 1));
        Assert.Equal([(Dollars(6), null), (Dollars(10), (int?)null)], counts.Select(count => (count.Listed, count.Broken)).OrderBy(count => count.Listed.MinorUnits));
        Assert.Equal([(withdrawn, Dollars(0)), (invoice, Dollars(4))], counts.Single(count => count.Grant.Id == grant.Id).Used.Select(use => (use.Key, use.Value)).OrderBy(use => use.Value.MinorUnits));
        Assert.Empty(await Store.CountAsync(EntityId.New<TenantId>(), _customer, Token));
    }

    private static Money Dollars(decimal amount) => Money.Of(amount, Usd);

    private async Task<CreditGrant> ReadAsync(CreditGrant grant) => (await Store.FindAsync(_tenant, grant.Id.ToString(), Token))!;

    private CreditGrant NewGrant(Instant? expires = null) => new CreditGrant
    {
        Id = EntityId.New<CreditGrantId>(),
        Tenant = _tenant,
        Customer = _customer,
        Category = CreditCategory.Paid,
        Amount = Dollars(10),
        Balance = Dollars(0),
        Period = new GrantPeriod(January, expires),
        AsOf = January,
        CreatedAt = January,
    }.Opened();

    private Invoice NewInvoice() => new Invoice
    {
        Id = EntityId.New<InvoiceId>(),
        Tenant = _tenant,
        Customer = _customer,
        Kind = InvoiceKind.OneOff,
        Currency = Usd,
        CreatedAt = January,
        Lines = [new InvoiceLine { Kind = LineKind.OneOff, Description = "Work", Quantity = 1, Amount = Dollars(20) }],
    }.Issue(January, 30);
}
