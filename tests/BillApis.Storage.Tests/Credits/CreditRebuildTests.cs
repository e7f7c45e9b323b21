using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Storage.Sql;
using Dapper;

namespace BillApis.Storage.Tests.Credits;

/// <summary>Credit that somebody changed in the database by hand is told and set to what its entries come to, by sums made by hand.</summary>
public abstract class CreditRebuildTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wrong_balance_is_told_and_set_wherever_it_is_kept()
    {
        // 10 and 20 given, of which an invoice over 35 used all and gave it back; then 25 were used, and 5 are left.
        var (first, second, _) = await SetUpAsync();
        await ExecuteAsync("update billing_credit_grant set balance_minor = 99 where id = @Id", first.Id.ToString());
        await ExecuteAsync("update billing_credit_grant set body = replace(body, '\"entry_count\":4', '\"entry_count\":14') where id = @Id", second.Id.ToString());
        var expected = new[] { (first.Id, CreditDifferenceKind.Balance, Dollars(0.99m), Dollars(0)), (second.Id, CreditDifferenceKind.Balance, Dollars(5), Dollars(5)) };
        Told(await Billing.Credits.VerifyAsync(_tenant, Token)).ShouldBe(expected, ignoreOrder: true);
        Told(await Billing.Credits.RebuildAsync(_tenant, Token)).ShouldBe(expected, ignoreOrder: true);

        (await Billing.Credits.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Total.ShouldBe(Dollars(5));
        (await IssueAsync(7)).Due.ShouldBe(Dollars(2));
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Total.ShouldBe(Dollars(0));
        (await Billing.Credits.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_balance_that_falls_as_it_is_set_asks_for_more()
    {
        // 20 of which 10 were used are below 15; somebody wrote 20 again, and 10 are left as that is set right.
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
        var rule = await Billing.Credits.GrantAsync(_tenant, new NewCreditGrant("acme", Dollars(20)) { Category = CreditCategory.Paid, TopUp = new AutoTopUp(Dollars(15), Target: Dollars(30)) }, Token);
        await IssueAsync(10);
        (await ExecuteAsync("update billing_credit_grant set body = replace(body, '\"balance\":{\"minor\":1000', '\"balance\":{\"minor\":2000') where id = @Id", rule.Id.ToString())).ShouldBe(1);
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Total.ShouldBe(Dollars(20));
        await Billing.Credits.RebuildAsync(_tenant, Token);
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Total.ShouldBe(Dollars(10));
        (await fixture.Get<BillApis.Outbox.IOutboxStore>().OfSubjectAsync(_tenant, rule.Id.ToString(), Token)).Count(item => item.Event.Type == "credit.top_up_due").ShouldBe(2);
    }

    [Fact]
    public async Task A_grant_whose_entries_do_not_follow_from_each_other_is_told_and_left_as_it_is()
    {
        // 10 too much behind a gap: who knows which of both is wrong?
        var (first, _, _) = await SetUpAsync();
        (await ExecuteAsync(
            "insert into billing_credit_entry (tenant_id, grant_id, number, id, customer_id, kind, amount_minor, balance_minor, currency, at) select tenant_id, grant_id, 9, id || '9', customer_id, kind, 1000, 1000, currency, at from billing_credit_entry where number = 0 and grant_id = @Id",
            first.Id.ToString())).ShouldBe(1);
        foreach (var found in new[] { await Billing.Credits.RebuildAsync(_tenant, Token), await Billing.Credits.VerifyAsync(_tenant, Token) })
        {
            found.Select(difference => (difference.Grant, difference.Kind, difference.Kept, difference.Counted, difference.Entry, difference.CanBeSet)).ShouldBe(
                [(first.Id, CreditDifferenceKind.Balance, Dollars(0), Dollars(10), 9, false), (first.Id, CreditDifferenceKind.Entry, Dollars(0), Dollars(10), 9, false)]);
        }

        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Total.ShouldBe(Dollars(5));
        (await IssueAsync(7)).Due.ShouldBe(Dollars(2));
    }

    [Fact]
    public async Task What_an_invoice_used_otherwise_than_the_entries_say_is_told_and_stays()
    {
        var (first, _, used) = await SetUpAsync();
        (await ExecuteAsync("update billing_invoice set body = replace(body, '\"minor\":1000,', '\"minor\":900,') where id = @Id", used.Id.ToString())).ShouldBe(1);
        var invoice = await Billing.Invoices.GetAsync(_tenant, used.Id.ToString(), Token);
        invoice.Credits.Single(use => use.Grant == first.Id).Amount.ShouldBe(Dollars(9));
        foreach (var found in new[] { await Billing.Credits.RebuildAsync(_tenant, Token), await Billing.Credits.VerifyAsync(_tenant, Token) })
        {
            var told = found.ShouldHaveSingleItem();
            (told.Grant, told.Kind, told.Kept, told.Counted, told.Invoice, told.CanBeSet).ShouldBe((first.Id, CreditDifferenceKind.Use, Dollars(9), Dollars(10), used.Id, false));
        }
    }

    [Fact]
    public async Task A_rebuild_beside_bills_finds_nothing_and_loses_nothing()
    {
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
        await Billing.Credits.GrantAsync(_tenant, new NewCreditGrant("acme", Dollars(100)), Token);
        var billing = Task.Run(
            async () =>
            {
                for (var i = 0; i < 20; i++)
                {
                    await IssueAsync(1);
                }
            },
            Token);
        do
        {
            try
            {
                (await Billing.Credits.RebuildAsync(_tenant, Token)).ShouldBeEmpty();
            }
            catch (BillingException exception) when (exception.Code is BillingErrorCode.Conflict && !billing.IsCompleted)
            {
                // The bills were faster every time.
            }
        }
        while (!billing.IsCompleted);
        await billing;
        (await Billing.Credits.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
        (await Billing.Credits.BalanceAsync(_tenant, "acme", Token)).Total.ShouldBe(Dollars(80));
    }

    private async Task<(CreditGrant First, CreditGrant Second, Invoice Used)> SetUpAsync()
    {
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
        var first = await Billing.Credits.GrantAsync(_tenant, new NewCreditGrant("acme", Dollars(10)) { Priority = 1 }, Token);
        var second = await Billing.Credits.GrantAsync(_tenant, new NewCreditGrant("acme", Dollars(20)) { Priority = 2 }, Token);
        await Billing.Invoices.CancelAsync(_tenant, (await IssueAsync(35)).Id.ToString(), Token);
        var used = await IssueAsync(25);
        (await Billing.Credits.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
        return (first, second, used);
    }

    private async Task<Invoice> IssueAsync(decimal amount)
    {
        var draft = await Billing.Invoices.CreateAsync(_tenant, new NewInvoice("acme", Usd, [new NewInvoiceLine("Work", amount)]), Token);
        return await Billing.Invoices.IssueAsync(_tenant, draft.Id.ToString(), Token);
    }

    private static IEnumerable<(CreditGrantId, CreditDifferenceKind, Money, Money)> Told(IEnumerable<CreditDifference> found) => found.Select(difference => (difference.Grant, difference.Kind, difference.Kept, difference.Counted));

    private static Money Dollars(decimal amount) => Money.Of(amount, Usd);

    private Task<int> ExecuteAsync(string sql, string id) =>
        fixture.Get<SqlDatabase>().WriteAsync(_tenant, transaction => transaction.Connection!.ExecuteAsync($"{sql} and tenant_id = @Tenant", new { Id = id, Tenant = _tenant.ToString() }, transaction), Token);
}

public sealed class SqliteCreditRebuildTests(SqliteFixture fixture) : CreditRebuildTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresCreditRebuildTests(PostgresFixture fixture) : CreditRebuildTests(fixture), IClassFixture<PostgresFixture>;
