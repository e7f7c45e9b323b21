using System.Collections.Immutable;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>What is taken back of invoices; every figure here was worked out by hand.</summary>
public sealed class CreditMemoTests
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Now = Instant.FromUtc(2026, 2, 1, 0, 0);
    private static readonly Tax Vat = new() { Name = "VAT", Country = "DE", Percentage = 19 };

    [Fact]
    public void An_amount_is_spread_over_all_lines_and_their_taxes_to_the_cent()
    {
        // 100.00 + 19.00 and 50.00 + 9.50 are 178.50; 10.00 of it: 560.22…, 106.44…, 280.11…, 53.22… cents.
        var invoice = Issued(Line(100_00, 19_00), Line(50_00, 9_50, inAdvance: true));
        var lines = CreditableLines.Of(invoice, []).Spread(Cents(10_00));

        lines.Select(line => (line.Net.MinorUnits, line.Tax.MinorUnits, line.InAdvance)).ShouldBe([(560, 107, false), (280, 53, true)]);
    }

    [Fact]
    public void All_parts_of_an_invoice_together_are_the_invoice_however_it_is_cut()
    {
        var random = new Random(20261125);
        for (var round = 0; round < 300; round++)
        {
            var invoice = Issued([.. Enumerable.Range(0, 1 + random.Next(6)).Select(i => Line(random.Next(i == 0 ? 5_000 : -700, 9_999), random.Next(0, 900), random.Next(2) == 0))]);
            var memos = new List<CreditMemo>();
            for (var left = invoice.Total.MinorUnits; left > 0; left = (invoice.Total - CreditableOf(memos)).MinorUnits)
            {
                CreditableLines.Of(invoice, memos).Left.MinorUnits.ShouldBe(left);
                var amount = Cents(1 + random.NextInt64(left));
                var lines = CreditableLines.Of(invoice, memos).Spread(amount);
                lines.Sum(line => line.Gross.MinorUnits).ShouldBe(amount.MinorUnits);
                memos.Add(Memo(invoice, lines));
            }

            var taken = memos.SelectMany(memo => memo.Lines).ToLookup(line => line.Line);
            invoice.Lines.ShouldAllBe(line => taken[line.Id].Sum(part => part.Net.MinorUnits) == line.NetOfTax.MinorUnits && taken[line.Id].Sum(part => part.Gross.MinorUnits) == line.Gross.MinorUnits);
        }
    }

    [Fact]
    public void A_line_is_credited_up_to_what_is_left_of_it()
    {
        var invoice = Issued(Line(100_00, 19_00), Line(50_00, 9_50));
        var first = CreditableLines.Of(invoice, []).Of(invoice.Lines[1].Id, Cents(59_00), "lines[0]");
        var left = CreditableLines.Of(invoice, [Memo(invoice, first)]);

        first.Single().Gross.ShouldBe(Cents(59_00));
        Should.Throw<BillingException>(() => left.Of(invoice.Lines[1].Id, Cents(51), "lines[0]")).Message.ShouldContain("0.50 USD");
        left.Of(invoice.Lines[1].Id, Cents(50), "lines[0]").Single().Gross.ShouldBe(Cents(50));
        left.Left.ShouldBe(Cents(119_50));
        CreditableLines.Of(invoice, [Memo(invoice, first).Cancel(Now)]).Left.ShouldBe(Cents(178_50));
        Should.Throw<BillingException>(() => left.Of(EntityId.New<InvoiceLineId>(), Cents(1), "lines[0]")).Message.ShouldContain("lines[0].line_id");
        Should.Throw<BillingException>(() => left.Spread(Cents(119_51))).Message.ShouldContain("119.50 USD");
        Should.Throw<BillingException>(() => left.Spread(Cents(0))).Code.ShouldBe(BillingErrorCode.Invalid);
    }

    [Fact]
    public void What_is_due_is_lessened_first_and_the_rest_had_been_paid()
    {
        var invoice = Issued(Line(100_00, 0)).Pay(new InvoicePayment(EntityId.New<PaymentId>(), Cents(70_00), null, Now));
        var (lessened, first) = invoice.TakeBack(EntityId.New<CreditMemoId>(), Cents(10_00), Now);
        (lessened.Status, lessened.Due, first.Applied).ShouldBe((InvoiceStatus.PartiallyPaid, Cents(20_00), Cents(10_00)));

        var (settled, second) = lessened.TakeBack(EntityId.New<CreditMemoId>(), Cents(35_00), Now);
        (settled.Status, settled.Due, settled.PaidAt, second.Applied, settled.Credited).ShouldBe((InvoiceStatus.Paid, Cents(0), Now, Cents(20_00), Cents(45_00)));
        Should.Throw<BillingException>(() => settled.TakeBack(EntityId.New<CreditMemoId>(), Cents(55_01), Now)).Message.ShouldContain("55.00 USD");
        settled.TakeBack(EntityId.New<CreditMemoId>(), Cents(55_00), Now).Credit.Applied.ShouldBe(Cents(0));
    }

    [Fact]
    public void A_withdrawn_credit_memo_makes_due_what_it_had_taken_back()
    {
        var id = EntityId.New<CreditMemoId>();
        var settled = Issued(Line(10_00, 0)).TakeBack(id, Cents(10_00), Now).Invoice;
        settled.Status.ShouldBe(InvoiceStatus.Paid);

        var again = settled.AskAgain(id);
        (again.Status, again.Due, again.PaidAt).ShouldBe((InvoiceStatus.Issued, Cents(10_00), null));
        var paid = Issued(Line(10_00, 0)).Pay(new InvoicePayment(EntityId.New<PaymentId>(), Cents(10_00), null, Now)).TakeBack(id, Cents(4_00), Now).Invoice;
        (paid.AskAgain(id).Status, paid.AskAgain(id).Due).ShouldBe((InvoiceStatus.Paid, Cents(0)));
    }

    [Fact]
    public void Nothing_is_taken_back_of_a_draft_or_of_what_was_given_up_and_nothing_credited_is_canceled()
    {
        Should.Throw<BillingException>(() => Draft(Line(1_00, 0)).TakeBack(EntityId.New<CreditMemoId>(), Cents(1), Now)).Code.ShouldBe(BillingErrorCode.Conflict);
        Should.Throw<BillingException>(() => Issued(Line(1_00, 0)).WriteOff().TakeBack(EntityId.New<CreditMemoId>(), Cents(1), Now)).Code.ShouldBe(BillingErrorCode.Conflict);
        var credited = Issued(Line(1_00, 0)).TakeBack(EntityId.New<CreditMemoId>(), Cents(1), Now).Invoice;
        Should.Throw<BillingException>(() => credited.Cancel()).Code.ShouldBe(BillingErrorCode.Conflict);
        Should.Throw<BillingException>(() => Memo(credited, []).Cancel(Now).Cancel(Now)).Code.ShouldBe(BillingErrorCode.Conflict);
    }

    private static Money CreditableOf(IEnumerable<CreditMemo> memos) => memos.Aggregate(Cents(0), (sum, memo) => sum + memo.Total);

    private static CreditMemo Memo(Invoice invoice, ImmutableArray<CreditMemoLine> lines) => new()
    {
        Id = EntityId.New<CreditMemoId>(), Tenant = invoice.Tenant, Customer = invoice.Customer, Invoice = invoice.Id, Currency = Usd, Lines = lines, Reason = "x", Applied = Cents(0), IssuedAt = Now, CreatedAt = Now,
    };

    private static Invoice Issued(params InvoiceLine[] lines) => Draft(lines).Issue(Now, 30);

    private static Invoice Draft(params InvoiceLine[] lines) => new()
    {
        Id = EntityId.New<InvoiceId>(), Tenant = TenantId.Default, Customer = EntityId.New<CustomerId>(), Kind = InvoiceKind.OneOff, Currency = Usd, CreatedAt = Now, Lines = [.. lines],
        TaxLines = [new TaxLine(Vat, Cents(0), lines.Aggregate(Cents(0), (sum, line) => line.Taxes.Aggregate(sum, (all, tax) => all + tax.Amount)))],
    };

    private static InvoiceLine Line(long cents, long tax, bool inAdvance = false) => new()
    {
        Id = EntityId.New<InvoiceLineId>(), Kind = LineKind.OneOff, Description = "x", Quantity = 1, Amount = Cents(cents), InAdvance = inAdvance, Taxes = [new LineTax(Vat, Cents(tax))],
    };

    private static Money Cents(long cents) => Money.FromMinorUnits(cents, Usd);
}
