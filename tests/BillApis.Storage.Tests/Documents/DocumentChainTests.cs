using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Storage.Sql;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Tests.Documents;

/// <summary>A document that is changed, removed or put in behind the engine's back is found.</summary>
public abstract class DocumentChainTests(StoreFixture fixture)
{
    private static readonly Instant January = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private IInvoiceStore Store => fixture.Get<IInvoiceStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Documents_that_were_not_touched_are_sound_whatever_became_of_them()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => (i % 2 == 0 ? Store : fixture.GetFromAnotherNode<IInvoiceStore>()).SaveAsync(_tenant, [Issued(), Issued()], [], Token))));
        var all = (await Store.ListAsync(_tenant, new StoreQuery { Limit = 100 }, Token)).Items;
        await Store.SaveAsync(_tenant, [all[0].Cancel(), all[1].WriteOff(), all[2].Pay(new InvoicePayment(EntityId.New<PaymentId>(), all[2].Total, "wire", January))], [], Token);
        await TakeBackAsync(all[3]);

        var report = await VerifyAsync();

        Assert.Empty(report.Faults);
        report.Series.Select(series => (series.Series, series.Documents)).ShouldBe([("CRM", 1L), ("INV", 24L)]);
        report.Series[1].Hash!.Length.ShouldBe(64);
    }

    [Fact]
    public async Task A_changed_document_is_found()
    {
        var (invoice, memo) = await FilledAsync();
        await TamperAsync("billing_invoice", invoice.Id.ToString(), ("Work", "Play"));
        await TamperAsync("billing_credit_memo", memo.Id.ToString(), ("Broken", "Lost"));
        var faults = (await VerifyAsync()).Faults;
        Assert.Equal(["CRM-000001", $"INV-{invoice.Number:D6}"], faults.Select(fault => fault.ToString().Split(':')[0]));
        Assert.All(faults, fault => Assert.EndsWith("it was changed", fault.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_removed_document_is_found_wherever_it_stood()
    {
        var (middle, memo) = await FilledAsync();
        await TamperAsync("billing_invoice", middle.Id.ToString(), null);
        await TamperAsync("billing_credit_memo", memo.Id.ToString(), null);
        var faults = (await VerifyAsync()).Faults;
        Assert.Contains(faults, fault => fault.Series == "INV" && fault.Number == middle.Number && fault.Id is null);
        Assert.Contains(faults, fault => fault.Series == "INV" && fault.Number == middle.Number + 1 && fault.Message.StartsWith("it does not follow", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.Series == "CRM" && fault.Number == 1);
    }

    [Fact]
    public async Task A_document_that_was_put_in_is_found_even_with_hashes_made_anew()
    {
        await FilledAsync();
        var last = (await Store.SeriesAsync(_tenant, Token)).Single(series => series.Series == "INV").Last;
        var forged = Issued() with { Number = last + 1 };
        await Store.SaveAsync(_tenant, [forged with { Seal = DocumentSeal.Of(IssuedDocument.Of(forged), "") }], [], Token);
        Assert.Contains((await VerifyAsync()).Faults, fault => fault.Number == last + 1 && fault.Message.EndsWith("it was put in", StringComparison.Ordinal));
    }

    private Task<int> TamperAsync(string table, string id, (string From, string To)? change) => fixture.Get<SqlDatabase>().WriteAsync(
        null,
        transaction => transaction.Connection!.ExecuteAsync(
            change is null ? $"delete from {table} where tenant_id = @Tenant and id = @Id" : $"update {table} set body = replace(body, @From, @To) where tenant_id = @Tenant and id = @Id",
            new { Tenant = _tenant.ToString(), Id = id, change?.From, change?.To }, transaction),
        Token);

    private Task<ChainReport> VerifyAsync() => new IssuedDocuments(Store, fixture.Get<IStore<CreditMemo>>(), fixture.Get<IStore<Customer>>()).VerifyAsync(_tenant, Token);

    private async Task<(Invoice Invoice, CreditMemo Memo)> FilledAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            await Store.SaveAsync(_tenant, [Issued()], [], Token);
        }

        var all = (await Store.ListAsync(_tenant, new StoreQuery { Limit = 100 }, Token)).Items.OrderBy(invoice => invoice.Number).ToList();
        return (all[1], await TakeBackAsync(all[2]));
    }

    private async Task<CreditMemo> TakeBackAsync(Invoice invoice)
    {
        var memo = new CreditMemo
        {
            Id = EntityId.New<CreditMemoId>(), Tenant = _tenant, Customer = invoice.Customer, Invoice = invoice.Id, Currency = Usd, Reason = "Broken", IssuedAt = January, CreatedAt = January,
            Lines = [new CreditMemoLine(invoice.Lines[0].Id, "Work", Money.FromMinorUnits(100, Usd), Money.Zero(Usd), false)], Applied = Money.FromMinorUnits(100, Usd),
        };
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_tenant, invoice.TakeBack(memo.Id, memo.Total, January).Invoice, memo, [], [], Token));
        return memo;
    }

    private Invoice Issued()
    {
        var id = EntityId.New<InvoiceId>();
        return new Invoice
        {
            Id = id, Tenant = _tenant, Customer = EntityId.New<CustomerId>(), Kind = InvoiceKind.OneOff, Currency = Usd, CreatedAt = January,
            Lines = [new InvoiceLine { Id = InvoiceCalculator.LineIdOf(id, January, 0), Kind = LineKind.OneOff, Description = "Work", Quantity = 1, UnitAmount = 10, Amount = Money.FromMinorUnits(1_000, Usd) }],
        }.Issue(January, 30);
    }
}

public sealed class SqliteDocumentChainTests(SqliteFixture fixture) : DocumentChainTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresDocumentChainTests(PostgresFixture fixture) : DocumentChainTests(fixture), IClassFixture<PostgresFixture>;
