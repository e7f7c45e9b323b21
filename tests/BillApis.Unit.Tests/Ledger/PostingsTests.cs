using System.Collections.Immutable;
using BillApis.Ledger;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;

namespace BillApis.Unit.Tests.Ledger;

public sealed class PostingsTests
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant At = Instant.FromUtc(2026, 2, 1, 0, 0);
    private static readonly TenantId Tenant = TenantId.Default;
    private static readonly CustomerId Customer = EntityId.Derive<CustomerId>(At, "customer");
    private static readonly InvoiceId Invoice = EntityId.Derive<InvoiceId>(At, "invoice");

    [Fact]
    public void An_invoice_debits_the_receivable_and_credits_what_it_is_for()
    {
        var transfers = Postings.InvoiceIssued(Amounts(100_00, 50_00, 28_50), At);

        Lines(transfers).ShouldBe([
            $"receivable/USD/2/{Customer} revenue/USD/2 10000",
            $"receivable/USD/2/{Customer} deferred_revenue/USD/2 5000",
            $"receivable/USD/2/{Customer} tax_payable/USD/2 2850",
        ]);
        transfers.Select(transfer => transfer.Linked).ShouldBe([true, true, false]);
        transfers.ShouldAllBe(transfer => transfer.Cause == Invoice.ToString() && transfer.At == At);
    }

    [Fact]
    public void Zero_moves_nothing_and_a_credit_moves_the_other_way()
    {
        Lines(Postings.InvoiceIssued(Amounts(-20_00, 50_00, 0), At)).ShouldBe([
            $"revenue/USD/2 receivable/USD/2/{Customer} 2000",
            $"receivable/USD/2/{Customer} deferred_revenue/USD/2 5000",
        ]);
        Postings.InvoiceIssued(Amounts(0, 0, 0), At).ShouldBeEmpty();
        LedgerPosting.Of(Postings.InvoiceIssued(Amounts(0, 0, 0), At), Invoice.ToString(), At).ShouldBeNull();
    }

    [Fact]
    public void Money_received_clears_the_receivable()
    {
        var payment = EntityId.Derive<PaymentId>(At, "payment");
        Lines(Postings.PaymentReceived(Tenant, payment, Postings.External, Customer, Money.Of(5m, Usd), At))
            .ShouldBe([$"clearing/USD/2/external receivable/USD/2/{Customer} 500"]);
        Lines(Postings.InvoiceWrittenOff(Tenant, Invoice, Customer, Money.Of(0.07m, Usd), At))
            .ShouldBe([$"bad_debt/USD/2 receivable/USD/2/{Customer} 7"]);
    }

    [Fact]
    public void Credit_is_owed_to_the_customer_until_it_pays_runs_out_or_is_withdrawn()
    {
        var entry = EntityId.Derive<CreditEntryId>(At, "entry");
        Money Dollars(decimal amount) => Money.Of(amount, Usd);

        Lines(Postings.CreditBought(Tenant, entry, Postings.External, Customer, Dollars(50), At)).ShouldBe([$"clearing/USD/2/external customer_credit/USD/2/{Customer} 5000"]);
        Lines(Postings.CreditUsed(Tenant, Invoice, Customer, Dollars(30), Dollars(7), At)).ShouldBe([
            $"customer_credit/USD/2/{Customer} receivable/USD/2/{Customer} 3000",
            $"promotional_expense/USD/2 receivable/USD/2/{Customer} 700",
        ]);
        Lines(Postings.CreditReturned(Tenant, Invoice, Customer, Dollars(30), Dollars(7), At)).ShouldBe([
            $"receivable/USD/2/{Customer} customer_credit/USD/2/{Customer} 3000",
            $"receivable/USD/2/{Customer} promotional_expense/USD/2 700",
        ]);
        Lines(Postings.CreditExpired(Tenant, entry, Customer, Dollars(20), At)).ShouldBe([$"customer_credit/USD/2/{Customer} revenue/USD/2 2000"]);
        Lines(Postings.InvoiceCredited(Tenant, Invoice, Customer, Dollars(9), At)).ShouldBe([$"receivable/USD/2/{Customer} customer_credit/USD/2/{Customer} 900"]);
        Lines(Postings.CreditVoided(Tenant, entry, Postings.External, Customer, Dollars(20), At)).ShouldBe([$"customer_credit/USD/2/{Customer} clearing/USD/2/external 2000"]);
        Postings.CreditUsed(Tenant, Invoice, Customer, Dollars(0), Dollars(0), At).ShouldBeEmpty();
    }

    [Fact]
    public void Ids_follow_from_the_cause_and_not_from_when_it_is_posted()
    {
        var first = Postings.InvoiceIssued(Amounts(1, 2, 3), At);
        var again = Postings.InvoiceIssued(Amounts(1, 2, 3), At + Duration.FromDays(9));
        again.Select(transfer => transfer.Id).ShouldBe(first.Select(transfer => transfer.Id));

        var all = first.Concat(Postings.InvoiceCanceled(Amounts(1, 2, 3), At)).Append(Postings.InvoiceWrittenOff(Tenant, Invoice, Customer, Money.Of(1m, Usd), At)[0]);
        all.Select(transfer => transfer.Id).ShouldBeUnique();
    }

    [Fact]
    public void Two_currencies_on_one_invoice_are_a_bug() =>
        Should.Throw<InvalidOperationException>(() => Postings.InvoiceIssued(Amounts(1, 2, 3) with { Tax = Money.Of(1m, Currency.Parse("EUR")) }, At));

    [Fact]
    public void The_event_carries_the_transfers_unchanged()
    {
        var transfers = Postings.InvoiceIssued(Amounts(100_00, -50_00, 28_50), At + Duration.FromNanoseconds(1_234_567));
        var posting = LedgerPosting.Of(transfers, Invoice.ToString(), At).ShouldNotBeNull();
        posting.Type.ShouldBe("ledger.posting");
        LedgerPosting.Read(posting).ShouldBe(transfers);
    }

    [Fact]
    public void Whatever_the_amounts_the_receivable_gets_the_total_and_a_cancellation_undoes_it_all() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<(int Arrears, int Advance, int Tax)>(),
            amounts =>
            {
                var invoice = Amounts(amounts.Arrears, amounts.Advance, amounts.Tax);
                var issued = Postings.InvoiceIssued(invoice, At);
                var both = issued.AddRange(Postings.InvoiceCanceled(invoice, At));
                return issued.All(transfer => transfer.Amount > 0)
                    && Net(issued, AccountKind.Receivable) == (long)amounts.Arrears + amounts.Advance + amounts.Tax
                    && Net(issued, AccountKind.Revenue) == -(long)amounts.Arrears
                    && Net(issued, AccountKind.DeferredRevenue) == -(long)amounts.Advance
                    && Net(issued, AccountKind.TaxPayable) == -(long)amounts.Tax
                    && Enum.GetValues<AccountKind>().All(kind => Net(both, kind) == 0);
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_credit_memo_debits_what_it_takes_back_and_what_was_paid_goes_on_to_the_customer()
    {
        var memo = new CreditMemoAmounts(Tenant, EntityId.Derive<CreditMemoId>(At, "memo"), Customer, Cents(60_00), Cents(40_00), Cents(19_00), Cents(50_00), Cents(9_00));

        Lines(Postings.CreditMemoIssued(memo, At)).ShouldBe([
            $"revenue/USD/2 receivable/USD/2/{Customer} 6000", $"deferred_revenue/USD/2 receivable/USD/2/{Customer} 4000", $"tax_payable/USD/2 receivable/USD/2/{Customer} 1900",
            $"receivable/USD/2/{Customer} customer_credit/USD/2/{Customer} 5000", $"receivable/USD/2/{Customer} refunds_payable/USD/2 900",
        ]);
        var both = Postings.CreditMemoIssued(memo, At).AddRange(Postings.CreditMemoCanceled(memo, At));
        Enum.GetValues<AccountKind>().ShouldAllBe(kind => Net(both, kind) == 0);
        both.Select(transfer => transfer.Id).ShouldBeUnique();
    }

    private static Money Cents(long cents) => Money.FromMinorUnits(cents, Usd);

    private static InvoiceAmounts Amounts(long arrears, long advance, long tax) => new(
        Tenant, Invoice, Customer, Money.FromMinorUnits(arrears, Usd), Money.FromMinorUnits(advance, Usd), Money.FromMinorUnits(tax, Usd));

    private static IEnumerable<string> Lines(ImmutableArray<Transfer> transfers) => transfers.Select(transfer => $"{transfer.Debit} {transfer.Credit} {transfer.Amount}");

    private static long Net(ImmutableArray<Transfer> transfers, AccountKind kind) =>
        transfers.Sum(transfer => (transfer.Debit.Kind == kind ? transfer.Amount : 0) - (transfer.Credit.Kind == kind ? transfer.Amount : 0));
}
