using System.Collections.Immutable;
using System.Text;
using BillApis.Invoicing;
using BillApis.Pricing;
using BillApis.Unit.Tests.Invoicing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Documents;

/// <summary>The life of docs/invoicing.md: 100.00 of books at 7 % and a fee of 100.00 at 19 % with 20.00 off, and 200.00 of books that come late.</summary>
public sealed class MovedDiscountDocumentTests
{
    private static readonly Tax Books = Bills.Vat(7), General = Bills.Vat(19);
    private static readonly Charge January = Charge.Whole(Plan(Item("books", new PerUnitPrice(1m), BillingTiming.InArrears, Month, EntityId.New<MetricId>())), new Interval(At(2026, 1, 1), At(2026, 2, 1))).Single();

    [Fact]
    public void An_invoice_with_a_discount_that_moved_adds_up_in_each_category()
    {
        // 5.00 more off the books and 5.00 less off the fee: 195.00 at 7 % are 13.65, 5.00 at 19 % are 0.95.
        var draft = InvoiceCalculator.Calculate(new InvoiceRequest { Tenant = TenantId.Default, Customer = Bills.Acme, Currency = Usd, Boundary = At(2026, 3, 1), Charges = [], Recharges = [Recharged(100, 300)], Correction = 1 });
        var invoice = Settled(draft) with { Number = 8 };
        var rules = new UblRules(UblDocument.Of(invoice, Parties.Of("en")));
        rules.Check();
        (rules.Total("LineExtensionAmount"), rules.Total("AllowanceTotalAmount"), rules.Total("TaxInclusiveAmount")).ShouldBe((200m, 0m, 214.6m));
        invoice.Lines.Select(line => (line.Kind, line.Amount.Amount, line.Net.Amount)).ShouldBe([(LineKind.Adjustment, 200m, 195m), (LineKind.Discount, 0m, 5m)]);
        Encoding.UTF8.GetString(UblDocument.Of(invoice, Parties.Of("en"))).ShouldContain("Fee: coupons take 5.00 USD, not 10.00 USD");
    }

    [Fact]
    public void A_credit_memo_that_takes_it_back_adds_up_in_each_category()
    {
        // Of 50.00 and 100.00 the coupon takes 6.67 and 13.33: 46.67 of the books' 90.00 and 3.33 of the fee's come back.
        var recharged = Recharged(100, 50);
        var lines = LateCredit.Of(recharged.Origin!, recharged.LinesIn(Usd));
        var rules = new UblRules(UblDocument.Of(Parties.Memo(recharged.Origin!.Invoice, lines), recharged.Origin!.Invoice, Parties.Of("en")));
        rules.Check();
        lines.Select(line => line.Net.Amount).ShouldBe([46.67m, 3.33m]);
        rules.Total("TaxExclusiveAmount").ShouldBe(50m);
    }

    [Fact]
    public void Fees_that_may_be_given_back_each_have_a_line_of_their_own()
    {
        // 99.90 was taken off 999.00 of books and off 999 fees of 1.00 each. Of 2,997.00 of books the coupon takes 149.85, and of each fee 0.05: with the adjustment those are 1,000 lines.
        var lines = Corrected(999, isAdvance: true, beside: 0);
        lines.Length.ShouldBe(1000);
        lines.Select(line => (line.Kind, line.Discount!.Value.Amount)).Distinct().ShouldBe([(LineKind.Adjustment, 49.95m), (LineKind.Discount, -0.05m)]);
    }

    [Fact]
    public void Where_those_have_no_room_what_is_adjusted_bears_all_of_it()
    {
        // One line more than there is room for: each fee keeps what was taken off it, and what is given back of it is never more than it cost.
        var lines = Corrected(999, isAdvance: true, beside: 1);
        lines.Select(line => (line.Kind, line.Discount)).ShouldBe([(LineKind.Flat, null), (LineKind.Adjustment, null)]);
    }

    [Fact]
    public void Others_that_have_no_room_have_one_line_for_each_set_of_taxes()
    {
        var lines = Corrected(999, isAdvance: false, beside: 1);
        lines.Select(line => (line.Kind, line.Discount?.Amount)).ShouldBe([(LineKind.Flat, null), (LineKind.Adjustment, 49.95m), (LineKind.Discount, -49.95m)]);
        lines[2].Description.ShouldBe("Fee 0 and 998 more: coupons take 49.95 USD, not 99.90 USD");
    }

    // Books of 999.00 that come to 2,997.00, and fees of 1.00 each; 199.80 were off.
    private static ImmutableArray<InvoiceLine> Corrected(int fees, bool isAdvance, int beside)
    {
        var bill = Billed([Book(999, 99.9m) with { Id = EntityId.New<InvoiceLineId>() }, .. Enumerable.Range(0, fees).Select(i => Fee(1, 0.1m) with { Id = EntityId.New<InvoiceLineId>(), Description = $"Fee {i}", InAdvance = isAdvance })]);
        var fee = new ChargedUsage(Charge.Whole(Plan(Item("fee", new FlatPrice(1), BillingTiming.InAdvance, Month)), January.Period).Single(), default);
        return InvoiceCalculator.Calculate(new InvoiceRequest
        {
            Tenant = TenantId.Default, Customer = Bills.Acme, Currency = Usd, Boundary = At(2026, 3, 1), Charges = [.. Enumerable.Repeat(fee, beside)], Correction = 1,
            Recharges = [new Recharge(January, new RatingInput(2997), [new BilledGroup(Undivided, 999, Bills.Dollars(999))]) { Origin = new BilledOrigin(bill, [Bills.Off(199.8m)], []) }],
        }).Lines;
    }

    private static ImmutableSortedDictionary<string, string?> Undivided => ImmutableSortedDictionary<string, string?>.Empty;

    private static Recharge Recharged(decimal billed, decimal now)
    {
        InvoiceLine[] lines = [Book(billed, 10), Fee(100, 10)];
        var bill = Billed([.. lines.Select((line, i) => line with { Id = InvoiceCalculator.LineIdOf(default, Bills.Now, i) })]);
        return new Recharge(January, new RatingInput(now), [new BilledGroup(Undivided, billed, Bills.Dollars(billed))]) { Origin = new BilledOrigin(bill, [Bills.Off(20)], []) };
    }

    private static InvoiceLine Book(decimal amount, decimal discount) => Line("Books", LineKind.Usage, amount, discount, Books) with { Price = January.Price.Id, Period = January.Period };

    private static InvoiceLine Fee(decimal amount, decimal discount) => Line("Fee", LineKind.Flat, amount, discount, General) with { Period = new Interval(At(2026, 2, 1), At(2026, 3, 1)), InAdvance = true };

    private static InvoiceLine Line(string description, LineKind kind, decimal amount, decimal discount, Tax tax) =>
        Bills.Line(amount) with { Description = description, Kind = kind, Discount = Bills.Dollars(discount), Taxes = [new LineTax(tax, Bills.Dollars(0))] };

    private static Invoice Billed(ImmutableArray<InvoiceLine> lines)
    {
        var bill = Bills.Draft([.. lines]) with { Discounts = [new InvoiceDiscount(default, "coupon", Bills.Dollars(lines.Sum(line => line.Discount!.Value.Amount)))] };
        return Settled(bill) with { Number = 7 };
    }

    private static Invoice Settled(Invoice draft) =>
        InvoiceSettlement.Settle(draft, [], new TaxDecision([.. draft.Lines.Select(line => line.Taxes.Select(tax => tax.Tax).ToImmutableArray())]), draft.CreatedAt).Invoice.Issue(draft.CreatedAt, 30);
}
