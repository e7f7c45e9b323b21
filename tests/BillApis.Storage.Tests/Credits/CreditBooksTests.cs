using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Ledger;
using NodaTime;

namespace BillApis.Storage.Tests.Credits;

/// <summary>Whatever is granted, billed, paid, withdrawn and voided in whatever order: the books say what grants and invoices say.</summary>
public abstract class CreditBooksTests(StoreFixture fixture)
{
    private const int Operations = 90;
    private const int Seed = 20261126;
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly Random _random = new(Seed);

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_any_operation_the_books_agree_with_grants_and_invoices()
    {
        await Billing.TaxRates.CreateAsync(_tenant, new TaxRate { Country = "DE", Percentage = 19 }, Token);
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd, Country = "DE" }, Token);
        var (refused, received) = (0, 0m);
        for (var i = 1; i <= Operations; i++)
        {
            try
            {
                received += await OperateAsync();
            }
            catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Conflict)
            {
                refused++;
            }

            await ShouldAgreeAsync(received, i);
        }

        refused.ShouldBeLessThan(Operations / 3, "too few operations did anything");
    }

    // Answers what money came in, or went out again.
    private async Task<decimal> OperateAsync()
    {
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        var grants = (await Billing.Credits.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        switch (_random.Next(15))
        {
            case 0 or 1 or 2:
                var category = _random.Next(2) == 0 ? CreditCategory.Paid : CreditCategory.Promotional;
                var amount = _random.Next(1, 5_000) / 100m;
                await Billing.Credits.GrantAsync(_tenant, new NewCreditGrant("acme", Money.Of(amount, Usd)) { Category = category, Priority = _random.Next(3) }, Token);
                return category is CreditCategory.Paid ? amount : 0;
            case 3 or 4 or 5 or 6:
                var lines = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => new NewInvoiceLine("Work", _random.Next(-2_000, 4_000) / 100m));
                var draft = await Billing.Invoices.CreateAsync(_tenant, new NewInvoice("acme", Usd, [.. lines]), Token);
                await Billing.Invoices.IssueAsync(_tenant, draft.Id.ToString(), Token);
                return 0;
            case 7 when invoices.Count > 0:
                await Billing.Invoices.CancelAsync(_tenant, invoices[_random.Next(invoices.Count)].Id.ToString(), Token);
                return 0;
            case 8 when invoices.FirstOrDefault(invoice => invoice.IsOpen) is { } open:
                var paid = (open.Due.MinorUnits + 1) / 2 / 100m;
                await Billing.Invoices.PayAsync(_tenant, open.Id.ToString(), paid, null, Token);
                return paid;
            case 13 or 14 when invoices.FirstOrDefault(invoice => invoice.IsOpen && invoice.Payments.IsEmpty && invoice.CreditMemos.IsEmpty) is { } wrong:
                var replacement = await Billing.Invoices.ReissueAsync(_tenant, wrong.Id.ToString(), Token);
                await Billing.Drafts.AddLineAsync(_tenant, replacement.Id.ToString(), new NewInvoiceLine("Correction", _random.Next(-1_000, 1_000) / 100m), null, Token);
                (await Billing.Invoices.IssueAsync(_tenant, replacement.Id.ToString(), Token)).Replaces.ShouldBe(wrong.Id);
                return 0;
            case 9 when grants.Count > 0:
                var grant = grants[_random.Next(grants.Count)];
                await Billing.Credits.VoidAsync(_tenant, grant.Id.ToString(), Token);
                return grant.Category is CreditCategory.Paid ? -grant.Balance.Amount : 0;
            case 10 when invoices.FirstOrDefault(invoice => invoice.IsOpen) is { } bad:
                await Billing.Invoices.WriteOffAsync(_tenant, bad.Id.ToString(), Token);
                return 0;
            case 11 or 12 when invoices.Count > 0 && invoices[_random.Next(invoices.Count)] is var credited && (credited.Total - credited.Credited).MinorUnits > 1:
                var part = (credited.Total - credited.Credited).MinorUnits / 2 / 100m;
                await Billing.CreditMemos.CreateAsync(_tenant, new NewCreditMemo(credited.Id.ToString(), "Goodwill") { Amount = part, Refund = _random.Next(2) == 0 }, Token);
                return 0;
            default:
                return 0;
        }
    }

    private async Task ShouldAgreeAsync(decimal received, int operation)
    {
        var where = $"operation {operation}, seed {Seed}";
        var all = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        var invoices = all.Where(invoice => invoice.Status is not (InvoiceStatus.Draft or InvoiceStatus.Canceled)).ToList();
        var canceled = all.Where(invoice => invoice is { Status: InvoiceStatus.Canceled, Number: not null }).ToList();
        var grants = (await Billing.Credits.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        var trial = await Billing.Books.TrialBalanceAsync(_tenant, null, Token);
        var memos = (await Billing.CreditMemos.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        decimal Net(AccountKind kind) => trial.Lines.Where(line => line.Account.Kind == kind).Sum(line => line.Account.Asset.ToMajorUnits(line.Net));

        trial.Totals.ShouldAllBe(total => total.Debits == total.Credits, where);
        invoices.Select(invoice => invoice.Number!.Value).Concat(canceled.Select(invoice => invoice.Number!.Value)).Order().ShouldBe(Enumerable.Range(1, invoices.Count + canceled.Count).Select(number => (long)number), where);
        Net(AccountKind.Receivable).ShouldBe(invoices.Sum(invoice => invoice.Due.Amount), where);
        Net(AccountKind.CustomerCredit).ShouldBe(grants.Where(grant => grant.Category is CreditCategory.Paid).Sum(grant => grant.Balance.Amount), where);
        Net(AccountKind.PromotionalExpense).ShouldBe(invoices.Sum(invoice => invoice.CreditTotal.Amount), where);
        Net(AccountKind.TaxPayable).ShouldBe(invoices.Sum(invoice => invoice.TaxTotal.Amount) - memos.Sum(memo => memo.TaxTotal.Amount), where);
        Net(AccountKind.Revenue).ShouldBe(invoices.Sum(invoice => invoice.Subtotal.Amount) - memos.Sum(memo => memo.Total.Amount - memo.TaxTotal.Amount), where);
        Net(AccountKind.RefundsPayable).ShouldBe(memos.Where(memo => memo.Refund).Sum(memo => memo.Returned.Amount), where);
        invoices.Where(invoice => invoice.IsOpen).ShouldAllBe(invoice => invoice.Due.MinorUnits > 0, where);
        invoices.Where(invoice => !invoice.IsOpen).ShouldAllBe(invoice => invoice.Due.IsZero, where);
        Net(AccountKind.Clearing).ShouldBe(received, where);
        grants.ShouldAllBe(grant => grant.Balance.MinorUnits >= 0, where);
        var entries = (await Billing.Credits.ListEntriesAsync(_tenant, "acme", new StoreQuery { Limit = Limits.PageSize }, Token)).Items.ToLookup(entry => entry.Grant, entry => entry.Amount.Amount);
        grants.ShouldAllBe(grant => entries[grant.Id].Sum() == grant.Balance.Amount, where);
    }
}

public sealed class SqliteCreditBooksTests(SqliteFixture fixture) : CreditBooksTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresCreditBooksTests(PostgresFixture fixture) : CreditBooksTests(fixture), IClassFixture<PostgresFixture>;
