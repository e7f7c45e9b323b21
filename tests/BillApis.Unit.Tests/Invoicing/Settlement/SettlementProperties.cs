using System.Collections.Immutable;
using BillApis.Invoicing;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Bills;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>What must hold for every invoice, whatever its lines, coupons, credits and taxes.</summary>
public sealed class SettlementProperties
{
    private static readonly ProductId[] Products = [EntityId.New<ProductId>(), EntityId.New<ProductId>()];

    internal static readonly Gen<Case> Cases =
        from lines in Gen.Choose(1, 6).SelectMany(count => Gen.ArrayOf(Lines(), count))
        from coupons in Gen.Choose(0, 4).SelectMany(count => Gen.ArrayOf(Coupons(), count))
        from grants in Gen.Choose(0, 5).SelectMany(count => Gen.ArrayOf(Grants(), count))
        from taxes in Gen.ArrayOf(Taxes(), lines.Length)
        select new Case(lines, coupons, grants, new TaxDecision([.. taxes]));

    [Fact]
    public void Parts_always_sum_to_the_whole() => Check(item =>
    {
        var invoice = item.Settle().Invoice;
        Sum(invoice.Lines.Select(line => line.Discount)).ShouldBe(invoice.DiscountTotal.Amount);
        Sum(invoice.Lines.Select(line => line.Credit)).ShouldBe(invoice.CreditTotal.Amount);
        foreach (var tax in invoice.TaxLines)
        {
            var bearing = invoice.Lines.Where(line => line.Taxes.Any(part => part.Tax == tax.Tax)).ToList();
            bearing.Sum(line => line.Taxes.Single(part => part.Tax == tax.Tax).Amount.Amount).ShouldBe(tax.Amount.Amount);
            bearing.Sum(line => line.NetOfTax.Amount).ShouldBe(tax.Base.Amount);
        }

        var onTop = invoice.TaxLines.Where(tax => !tax.Tax.Inclusive).Sum(tax => tax.Amount.Amount);
        invoice.Total.Amount.ShouldBe(invoice.Lines.Sum(line => line.Amount.Amount) - invoice.DiscountTotal.Amount - invoice.CreditTotal.Amount + onTop);
        invoice.Total.Amount.ShouldBe(invoice.Lines.Sum(line => line.Gross.Amount));
    });

    [Fact]
    public void Coupons_and_credits_take_no_line_and_no_invoice_below_nothing() => Check(item =>
    {
        var invoice = item.Settle().Invoice;
        invoice.Lines.Where(line => line.Amount.MinorUnits >= 0).ShouldAllBe(line => line.Net.MinorUnits >= 0);
        invoice.Lines.Where(line => line.Amount.MinorUnits < 0).ShouldAllBe(line => line.Net == line.Amount);
        if (invoice.Subtotal.MinorUnits >= 0)
        {
            (invoice.Subtotal - invoice.DiscountTotal - invoice.CreditTotal).MinorUnits.ShouldBeGreaterThanOrEqualTo(0);
        }

        invoice.Prepaid.MinorUnits.ShouldBeInRange(0, Math.Max(0, invoice.Total.MinorUnits));
    });

    [Fact]
    public void A_grant_gives_what_it_has_and_no_more() => Check(item =>
    {
        var settled = item.Settle();
        var before = item.Grants.ToDictionary(grant => grant.Id);
        settled.Grants.ShouldAllBe(grant => grant.Balance.MinorUnits >= 0);
        settled.Invoice.Credits.Select(use => use.Amount).ShouldBe(settled.Grants.Select(grant => before[grant.Id].Balance - grant.Balance));
        settled.Grants.ShouldAllBe(grant => Sum(grant.Entries.Select(entry => (Money?)entry.Amount)) == grant.Balance.Amount);
    });

    [Fact]
    public void The_order_of_coupons_and_grants_does_not_matter() => Check(item =>
    {
        var turned = item with { Coupons = [.. item.Coupons.Reverse()], Grants = [.. item.Grants.Reverse()] };
        Json(turned.Settle().Invoice).ShouldBe(Json(item.Settle().Invoice));
    });

    [Fact]
    public void Settling_again_changes_nothing() => Check(item =>
    {
        var once = item.Settle().Invoice;
        Json(InvoiceSettlement.Settle(once, item.Grants, TaxDecision.Of(once), Now).Invoice).ShouldBe(Json(once));
    });

    internal static void Check(Action<Case> property) =>
        Prop.ForAll(Arb.From(Cases), property).Check(Config.QuickThrowOnFailure.WithMaxTest(400).WithReplay(20_260_201, 7));

    private static string Json(Invoice invoice) => System.Text.Json.JsonSerializer.Serialize(invoice, BillingJson.Options);

    private static decimal Sum(IEnumerable<Money?> amounts) => Cents(amounts).Sum();

    private static Gen<InvoiceLine> Lines() =>
        from cents in Gen.Frequency((6, Gen.Choose(0, 50_000)), (1, Gen.Choose(-20_000, -1)))
        from product in Gen.Elements<ProductId?>(null, Products[0], Products[1])
        select Line(cents / 100m, product);

    private static Gen<Redemption> Coupons() =>
        from percent in Gen.Choose(0, 1)
        from size in Gen.Choose(1, 9_999)
        from products in Gen.Elements(Array.Empty<ProductId>(), [Products[0]], Products)
        select percent == 1 ? Percent(size / 100m, products) : Off(size / 100m, products);

    private static Gen<CreditGrant> Grants() =>
        from cents in Gen.Choose(1, 30_000)
        from category in Gen.Elements(CreditCategory.Paid, CreditCategory.Promotional)
        from priority in Gen.Choose(0, 2)
        from days in Gen.Elements<int?>(null, 3, 9)
        from product in Gen.Elements<ProductId?>(null, Products[0])
        select Grant(cents / 100m, category, priority, days is { } some ? Now + Duration.FromDays(some) : null, product is { } one ? new CreditScope { Products = [one] } : null);

    private static Gen<ImmutableArray<Tax>> Taxes() => Gen.Elements(
        ImmutableArray<Tax>.Empty, [Vat(19)], [Vat(7.25m)], [Vat(5, name: "GST"), Vat(9.975m, name: "QST")], [Vat(20, inclusive: true)], [Vat(8, inclusive: true), Vat(3, name: "Levy")],
        [Vat(19, treatment: TaxTreatment.ReverseCharge)]);

    internal sealed record Case(InvoiceLine[] Lines, Redemption[] Coupons, CreditGrant[] Grants, TaxDecision Taxes)
    {
        private readonly Invoice _draft = Draft(Lines);

        public Settlement Settle() => InvoiceSettlement.Settle(CouponDiscounts.Apply(_draft, Coupons), Grants, Taxes, Now);
    }
}
