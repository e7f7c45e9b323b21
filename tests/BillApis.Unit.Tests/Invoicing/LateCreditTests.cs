using System.Collections.Immutable;
using BillApis.Invoicing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>What late usage takes back of an invoice, with its discounts and taxes; every figure here was worked out by hand.</summary>
public sealed class LateCreditTests
{
    private static readonly Interval January = new(At(2026, 1, 1), At(2026, 2, 1));
    private static readonly PriceId Price = EntityId.New<PriceId>();
    private static readonly Tax Vat = new() { Name = "VAT", Country = "DE", Percentage = 19 };

    [Fact]
    public void Discounts_and_taxes_are_taken_back_in_proportion()
    {
        // 100.00 less 10.00 of a coupon, and 17.10 of tax on that, are 107.10; a fifth of it is 21.42, of which 3.42 is tax.
        var invoice = Issued(Line(100_00, 17_10) with { Discount = Cents(10_00) });
        var line = LateCredit.Of(invoice, [Adjustment(-20_00)]).Single();

        (line.Line, line.Net, line.Tax, line.Gross).ShouldBe((invoice.Lines[0].Id, Cents(18_00), Cents(3_42), Cents(21_42)));
        line.Adjustment!.Amount.ShouldBe(Cents(-20_00));
    }

    [Fact]
    public void A_tax_that_is_in_the_price_comes_out_of_the_amount()
    {
        var line = LateCredit.Of(Issued(Line(119_00, 19_00, inclusive: true)), [Adjustment(-11_90)]).Single();
        (line.Net, line.Tax).ShouldBe((Cents(10_00), Cents(1_90)));
    }

    [Fact]
    public void What_adds_to_the_invoice_lessens_the_credit_and_more_makes_none()
    {
        var invoice = Issued(Line(60_00, 0, "eu"), Line(40_00, 0, "us"));
        LateCredit.Of(invoice, [Adjustment(-30_00, "eu"), Adjustment(10_00, "us")]).Select(line => line.Gross).ShouldBe([Cents(30_00), Cents(-10_00)]);
        LateCredit.Of(invoice, [Adjustment(-10_00, "eu"), Adjustment(10_00, "us")]).ShouldBeEmpty();
        LateCredit.Of(invoice, []).ShouldBeEmpty();
    }

    [Fact]
    public void A_group_that_was_not_billed_has_the_share_of_a_line_of_its_price()
    {
        var invoice = Issued(Line(60_00, 11_40, "eu"));
        var lines = LateCredit.Of(invoice, [Adjustment(-30_00, "eu"), Adjustment(10_00, "us")]);
        lines.Select(line => (line.Line, line.Net, line.Tax)).ShouldBe([(invoice.Lines[0].Id, Cents(30_00), Cents(5_70)), (invoice.Lines[0].Id, Cents(-10_00), Cents(-1_90))]);
    }

    [Fact]
    public void Nothing_is_taken_back_beyond_what_is_left_or_of_what_was_given_up()
    {
        var invoice = Issued(Line(50_00, 0));
        var credited = invoice.TakeBack(EntityId.New<CreditMemoId>(), Cents(40_00), At(2026, 2, 2)).Invoice;

        LateCredit.Of(credited, [Adjustment(-10_00)]).Single().Gross.ShouldBe(Cents(10_00));
        LateCredit.Of(credited, [Adjustment(-10_01)]).ShouldBeEmpty();
        LateCredit.Of(invoice.WriteOff(), [Adjustment(-10_00)]).ShouldBeEmpty();
        LateCredit.Of(invoice.Cancel(), [Adjustment(-10_00)]).ShouldBeEmpty();
    }

    private static InvoiceLine Adjustment(long cents, string? region = null) => Line(cents, 0, region) with { Kind = LineKind.Adjustment, Taxes = [] };

    private static InvoiceLine Line(long cents, long tax, string? region = null, bool inclusive = false) => new()
    {
        Id = EntityId.New<InvoiceLineId>(), Kind = LineKind.Usage, Description = "calls", Price = Price, Quantity = 1, Amount = Cents(cents), Period = January,
        Group = region is null ? ImmutableSortedDictionary<string, string?>.Empty : ImmutableSortedDictionary<string, string?>.Empty.Add("region", region),
        Taxes = tax == 0 ? [] : [new LineTax(Vat with { Inclusive = inclusive }, Cents(tax))],
    };

    private static Invoice Issued(params InvoiceLine[] lines) => new Invoice
    {
        Id = EntityId.New<InvoiceId>(), Tenant = TenantId.Default, Customer = EntityId.New<CustomerId>(), Kind = InvoiceKind.Subscription, Currency = Usd, CreatedAt = At(2026, 2, 1), Lines = [.. lines],
        Discounts = [.. lines.Where(line => line.Discount is not null).Select(line => new InvoiceDiscount(EntityId.New<CouponId>(), "coupon", line.Discount!.Value))],
        TaxLines = [.. lines.SelectMany(line => line.Taxes).Select(tax => new TaxLine(tax.Tax, Cents(0), tax.Amount))],
    }.Issue(At(2026, 2, 1), 30);

    private static Money Cents(long cents) => Money.FromMinorUnits(cents, Usd);
}
