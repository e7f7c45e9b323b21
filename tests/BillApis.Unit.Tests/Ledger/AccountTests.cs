using BillApis.Ledger;

namespace BillApis.Unit.Tests.Ledger;

public sealed class AccountTests
{
    private static readonly Asset Usd = Asset.Of(Currency.Parse("USD"));

    [Theory]
    [InlineData("receivable/USD/2/cus_01k0000000000000000000000a", AccountKind.Receivable, EntrySide.Debit)]
    [InlineData("clearing/JPY/0/external", AccountKind.Clearing, EntrySide.Debit)]
    [InlineData("revenue/KWD/3", AccountKind.Revenue, EntrySide.Credit)]
    [InlineData("deferred_revenue/USD/2", AccountKind.DeferredRevenue, EntrySide.Credit)]
    [InlineData("tax_payable/USD/2", AccountKind.TaxPayable, EntrySide.Credit)]
    [InlineData("customer_credit/credits/0/cus_a", AccountKind.CustomerCredit, EntrySide.Credit)]
    [InlineData("promotional_expense/USD/2", AccountKind.PromotionalExpense, EntrySide.Debit)]
    [InlineData("refunds_payable/USD/2", AccountKind.RefundsPayable, EntrySide.Credit)]
    [InlineData("bad_debt/USD/8", AccountKind.BadDebt, EntrySide.Debit)]
    [InlineData("rounding/USD/2", AccountKind.Rounding, EntrySide.Debit)]
    [InlineData("partner_payable/USD/2/acme", AccountKind.PartnerPayable, EntrySide.Credit)]
    public void Every_kind_has_a_code_that_reads_back_and_a_side(string code, AccountKind kind, EntrySide side)
    {
        var account = Account.Parse(code);
        account.Kind.ShouldBe(kind);
        account.Code.ShouldBe(code);
        ChartOfAccounts.NormalSideOf(kind).ShouldBe(side);
    }

    [Theory]
    [InlineData("")]
    [InlineData("receivable")]
    [InlineData("receivable/USD")]
    [InlineData("Receivable/USD/2")]
    [InlineData("revenue/USD/13")]
    [InlineData("revenue/USD/-1")]
    [InlineData("revenue//2")]
    public void What_is_no_account_is_refused(string code) => Should.Throw<FormatException>(() => Account.Parse(code));

    [Fact]
    public void The_id_follows_from_tenant_and_code_alone()
    {
        var (one, other) = (TenantId.Default, EntityId.New<TenantId>());
        var account = new Account(AccountKind.Revenue, Usd);
        account.IdIn(one).ShouldBe(new Account(AccountKind.Revenue, Usd).IdIn(one));
        account.IdIn(one).ShouldNotBe(account.IdIn(other));
        account.IdIn(one).ShouldNotBe(new Account(AccountKind.Revenue, new Asset("USD", 8)).IdIn(one));
        // Calculated apart from this code: it is at rest in every database and must never change.
        account.IdIn(one).ToString().ShouldBe("acc_0000000000egnbyxmdq39pcstb");
    }

    [Fact]
    public void Customers_are_summed_up_and_processors_are_not()
    {
        new Account(AccountKind.Receivable, Usd, "cus_a").Control.ShouldBe(new Account(AccountKind.Receivable, Usd));
        new Account(AccountKind.Clearing, Usd, "stripe").Control.ShouldBe(new Account(AccountKind.Clearing, Usd, "stripe"));
    }

    [Theory]
    [InlineData("USD/2", 1234, "12.34")]
    [InlineData("USD/8", -1, "-0.00000001")]
    [InlineData("JPY/0", 7, "7")]
    [InlineData("USD/12", long.MaxValue, "9223372.036854775807")]
    [InlineData("USD/2", long.MinValue, "-92233720368547758.08")]
    public void Units_become_amounts_exactly(string asset, long units, string amount) =>
        Exact.Format(Asset.Parse(asset).ToMajorUnits(units)).ShouldBe(amount);
}
