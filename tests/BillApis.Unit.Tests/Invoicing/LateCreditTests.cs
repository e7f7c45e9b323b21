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
        var line = Taken(invoice, [Percent(10)], [], Adjustment(-20_00, of: invoice)).Single();

        (line.Line, line.Net, line.Tax, line.Gross).ShouldBe((invoice.Lines[0].Id, Cents(18_00), Cents(3_42), Cents(21_42)));
        line.Adjustment!.Amount.ShouldBe(Cents(-20_00));
    }

    [Fact]
    public void An_amount_that_the_coupon_takes_off_what_is_left_too_is_not_given_back()
    {
        // 100.00 less 10.00 and 17.10 of tax; of 80.00 the coupon takes 10.00 as well: 70.00 and 13.30 stay. Of 5.00 it takes 5.00: all of the 90.00 is given back, with its tax.
        var invoice = Issued(Line(100_00, 17_10) with { Discount = Cents(10_00) });
        var line = Taken(invoice, [Off(10_00)], [], Adjustment(-20_00, of: invoice)).Single();
        (line.Net, line.Tax).ShouldBe((Cents(20_00), Cents(3_80)));
        var rest = Taken(invoice, [Off(10_00)], [line.Adjustment!], Adjustment(-75_00, of: invoice)).Single();
        (rest.Net, rest.Tax, line.Net + rest.Net, line.Tax + rest.Tax).ShouldBe((Cents(70_00), Cents(13_30), Cents(90_00), Cents(17_10)));
    }

    [Fact]
    public void What_several_memos_take_of_a_line_adds_up_to_what_one_would()
    {
        // 100.00 of which 33.33 were promotional credit, and 12.67 of tax on 66.67; given back in parts of many odd sizes, in the end all of it.
        var invoice = Issued(Line(100_00, 12_67) with { Credit = Cents(33_33) }) with { Credits = [new CreditUse(EntityId.New<CreditGrantId>(), CreditCategory.Promotional, Cents(33_33))] };
        var (random, left, taken, lines) = (new Random(20261126), 100_00L, new List<InvoiceLine>(), new List<CreditMemoLine>());
        while (left > 0)
        {
            var part = Math.Min(left, random.Next(1, 700));
            lines.Add(Taken(invoice, [], [.. taken], Adjustment(-part, of: invoice)).Single());
            taken.Add(lines[^1].Adjustment!);
            left -= part;

            // What is taken so far is never a cent from its exact share.
            Math.Abs(lines.Sum(line => line.Net.MinorUnits) - ((100_00 - left) * 0.6667m)).ShouldBeLessThanOrEqualTo(1);
        }

        lines.Count.ShouldBeGreaterThan(20);
        (lines.Sum(line => line.Net.MinorUnits), lines.Sum(line => line.Tax.MinorUnits), taken.Sum(line => line.Credit?.MinorUnits ?? 0)).ShouldBe((66_67, 12_67, -33_33));
    }

    [Fact]
    public void A_tax_that_is_in_the_price_comes_out_of_the_amount()
    {
        var line = Taken(Issued(Line(119_00, 19_00, inclusive: true)), Adjustment(-11_90)).Single();
        (line.Net, line.Tax).ShouldBe((Cents(10_00), Cents(1_90)));
    }

    [Fact]
    public void What_adds_to_the_invoice_lessens_the_credit_and_more_makes_none()
    {
        var invoice = Issued(Line(60_00, 0, "eu"), Line(40_00, 0, "us"));
        Taken(invoice, Adjustment(-30_00, "eu"), Adjustment(10_00, "us")).Select(line => line.Gross).ShouldBe([Cents(30_00), Cents(-10_00)]);
        Taken(invoice, Adjustment(-10_00, "eu"), Adjustment(10_00, "us")).ShouldBeEmpty();
        Taken(invoice).ShouldBeEmpty();
    }

    [Fact]
    public void A_group_that_was_not_billed_has_the_share_of_a_line_of_its_price()
    {
        var invoice = Issued(Line(60_00, 11_40, "eu"));
        var lines = Taken(invoice, Adjustment(-30_00, "eu"), Adjustment(10_00, "us"));
        lines.Select(line => (line.Line, line.Net, line.Tax)).ShouldBe([(invoice.Lines[0].Id, Cents(30_00), Cents(5_70)), (invoice.Lines[0].Id, Cents(-10_00), Cents(-1_90))]);
    }

    [Fact]
    public void Nothing_is_taken_back_beyond_what_is_left_or_of_what_was_given_up()
    {
        var invoice = Issued(Line(50_00, 0));
        var credited = invoice.TakeBack(EntityId.New<CreditMemoId>(), Cents(40_00), At(2026, 2, 2)).Invoice;

        Taken(credited, Adjustment(-10_00)).Single().Gross.ShouldBe(Cents(10_00));
        Taken(credited, Adjustment(-10_01)).ShouldBeEmpty();
        Taken(invoice.WriteOff(), Adjustment(-10_00)).ShouldBeEmpty();
        Taken(invoice.Cancel(), Adjustment(-10_00)).ShouldBeEmpty();
    }

    private static ImmutableArray<CreditMemoLine> Taken(Invoice invoice, params InvoiceLine[] adjustments) => Taken(invoice, [], [], adjustments);

    private static ImmutableArray<CreditMemoLine> Taken(Invoice invoice, ImmutableArray<Redemption> coupons, ImmutableArray<InvoiceLine> before, params InvoiceLine[] adjustments) =>
        LateCredit.Of(new BilledOrigin(invoice, coupons, before), adjustments);

    private static Redemption Percent(decimal percent) => new(EntityId.New<CouponId>(), "coupon", new CouponTerms { PercentOff = percent }, At(2026, 1, 1));

    private static Redemption Off(long cents) => new(EntityId.New<CouponId>(), "coupon", new CouponTerms { AmountOff = Cents(cents) }, At(2026, 1, 1));

    private static InvoiceLine Adjustment(long cents, string? region = null, Invoice? of = null) => Line(cents, 0, region) with { Kind = LineKind.Adjustment, Taxes = [], Corrects = of?.Lines[0].Id };

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
