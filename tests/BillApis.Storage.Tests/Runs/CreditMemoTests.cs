using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Ledger;

namespace BillApis.Storage.Tests.Runs;

/// <summary>Credit memos on a real database: raced, numbered and read back from the ledger.</summary>
public abstract class CreditMemoTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task However_many_credit_at_once_never_more_is_taken_back_than_was_billed_and_numbers_have_no_gaps()
    {
        var invoice = await IssueAsync(100m);
        var refused = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            try
            {
                await (i % 2 == 0 ? Billing : fixture.GetFromAnotherNode<Billing>()).CreditMemos.CreateAsync(_tenant, new NewCreditMemo(invoice.Id.ToString(), $"part {i}") { Amount = 30m }, Token);
            }
            catch (BillingException exception) when (exception.Code is BillingErrorCode.Invalid)
            {
                Interlocked.Increment(ref refused);
            }
        })));

        refused.ShouldBe(5);
        var after = await Billing.Invoices.GetAsync(_tenant, invoice.Id.ToString(), Token);
        (after.Credited.Amount, after.Due.Amount, after.Status).ShouldBe((90m, 10m, InvoiceStatus.Issued));
        var memos = (await Billing.CreditMemos.ListAsync(_tenant, new StoreQuery().With("invoice_id", invoice.Id.ToString()), Token)).Items;
        memos.Select(memo => memo.DisplayNumber).Order().ShouldBe(["CRM-000001", "CRM-000002", "CRM-000003"]);
        await ShouldHoldAsync((AccountKind.Receivable, 10_00), (AccountKind.Revenue, -10_00));
    }

    [Fact]
    public async Task What_was_paid_becomes_credit_or_a_refund_and_a_withdrawn_memo_leaves_no_trace_in_the_balances()
    {
        var invoice = await IssueAsync(100m);
        await Billing.Invoices.PayAsync(_tenant, invoice.Id.ToString(), 80m, "wire", Token);
        var first = await Billing.CreditMemos.CreateAsync(_tenant, new NewCreditMemo(invoice.Id.ToString(), "broken") { Amount = 50m }, Token);
        var second = await Billing.CreditMemos.CreateAsync(_tenant, new NewCreditMemo(invoice.Id.ToString(), "gone") { Lines = [new NewCreditMemoLine(invoice.Lines[0].Id, 5m)], Refund = true }, Token);

        (first.Applied.Amount, first.Returned.Amount, second.Applied.Amount, second.Returned.Amount).ShouldBe((20m, 30m, 0m, 5m));
        (await Billing.Invoices.GetAsync(_tenant, invoice.Id.ToString(), Token)).Status.ShouldBe(InvoiceStatus.Paid);
        await ShouldHoldAsync((AccountKind.Clearing, 80_00), (AccountKind.Revenue, -45_00), (AccountKind.CustomerCredit, -30_00), (AccountKind.RefundsPayable, -5_00), (AccountKind.Receivable, 0));

        await Billing.CreditMemos.CancelAsync(_tenant, first.DisplayNumber!, Token);
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Paid.IsZero.ShouldBeTrue();
        (await Should.ThrowAsync<BillingException>(() => Billing.CreditMemos.CancelAsync(_tenant, first.Id.ToString(), Token))).Code.ShouldBe(BillingErrorCode.Conflict);
        var again = await Billing.Invoices.GetAsync(_tenant, invoice.Id.ToString(), Token);
        (again.Status, again.Due.Amount).ShouldBe((InvoiceStatus.PartiallyPaid, 20m));
        await ShouldHoldAsync((AccountKind.Clearing, 80_00), (AccountKind.Revenue, -95_00), (AccountKind.CustomerCredit, 0), (AccountKind.RefundsPayable, -5_00), (AccountKind.Receivable, 20_00));
    }

    [Fact]
    public async Task Credit_of_a_memo_pays_the_next_invoice_and_the_memo_then_stands()
    {
        var invoice = await IssueAsync(100m);
        await Billing.Invoices.PayAsync(_tenant, invoice.Id.ToString(), 100m, "wire", Token);
        var memo = await Billing.CreditMemos.CreateAsync(_tenant, new NewCreditMemo(invoice.Id.ToString(), "broken") { Amount = 30m }, Token);
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Paid.Amount.ShouldBe(30m);
        var grant = (await Billing.Credits.ListAsync(_tenant, new StoreQuery(), Token)).Items.Single();
        (await Should.ThrowAsync<BillingException>(() => Billing.Credits.VoidAsync(_tenant, grant.Id.ToString(), Token))).Code.ShouldBe(BillingErrorCode.Conflict);

        (await IssueAsync(20m)).Status.ShouldBe(InvoiceStatus.Paid);
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Paid.Amount.ShouldBe(10m);
        (await Should.ThrowAsync<BillingException>(() => Billing.CreditMemos.CancelAsync(_tenant, memo.Id.ToString(), Token))).Message.ShouldContain("was used");
        await ShouldHoldAsync((AccountKind.Clearing, 100_00), (AccountKind.Revenue, -90_00), (AccountKind.CustomerCredit, -10_00), (AccountKind.Receivable, 0));
    }

    private async Task<Invoice> IssueAsync(decimal amount)
    {
        if (await Billing.Customers.FindAsync(_tenant, "acme", Token) is null)
        {
            await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
        }

        var draft = await Billing.Invoices.CreateAsync(_tenant, new NewInvoice("acme", Usd, [new NewInvoiceLine("Work", amount)]), Token);
        return await Billing.Invoices.IssueAsync(_tenant, draft.Id.ToString(), Token);
    }

    private async Task ShouldHoldAsync(params (AccountKind Kind, long Net)[] expected)
    {
        var trial = await Billing.Books.TrialBalanceAsync(_tenant, null, Token);
        trial.Totals.ShouldAllBe(total => total.Debits == total.Credits);
        expected.Select(item => (item.Kind, trial.Lines.Where(line => line.Account.Kind == item.Kind).Sum(line => ChartOfAccounts.NormalSideOf(item.Kind) is EntrySide.Debit ? line.Net : -line.Net))).ShouldBe(expected);
    }
}

public sealed class SqliteCreditMemoTests(SqliteFixture fixture) : CreditMemoTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresCreditMemoTests(PostgresFixture fixture) : CreditMemoTests(fixture), IClassFixture<PostgresFixture>;
