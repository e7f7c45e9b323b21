using BillApis.Invoicing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Bills;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Every figure here was worked out by hand.</summary>
public sealed class InvoiceSettlementTests
{
    private static readonly MetricId Calls = EntityId.New<MetricId>();

    [Fact]
    public void Coupons_then_promotional_credit_then_tax_then_paid_credit()
    {
        var draft = CouponDiscounts.Apply(Draft(Line(100), Line(50)), [Percent(10)]);

        var settled = InvoiceSettlement.Settle(draft, [Grant(40), Grant(35, CreditCategory.Promotional)], On(draft, Vat(20)), Now);

        // 150 − 15 = 135, − 35 = 100, + 20 = 120, of which 40 are paid.
        var invoice = settled.Invoice;
        (invoice.Subtotal.Amount, invoice.DiscountTotal.Amount, invoice.CreditTotal.Amount, invoice.TaxTotal.Amount, invoice.Total.Amount, invoice.Paid.Amount, invoice.Due.Amount)
            .ShouldBe((150m, 15m, 35m, 20m, 120m, 40m, 80m));
        settled.Grants.Select(grant => (grant.Category, grant.Balance.Amount)).ShouldBe([(CreditCategory.Promotional, 0m), (CreditCategory.Paid, 0m)]);
    }

    [Fact]
    public void Grants_are_used_by_priority_then_expiry_then_scope_then_category_then_age()
    {
        CreditGrant[] grants = [
            Grant(1) with { CreatedAt = Now }, Grant(1), Grant(1, CreditCategory.Promotional), Grant(1, scope: new CreditScope { Metrics = [Calls] }),
            Grant(1, expires: Now + Duration.FromDays(9)), Grant(1, expires: Now + Duration.FromDays(3)), Grant(1, priority: 0)];
        var draft = Draft(Line(100, metric: Calls));

        var used = InvoiceSettlement.Settle(draft, grants, TaxDecision.None, Now).Invoice.Credits.Select(use => use.Grant);

        used.ShouldBe(grants.Reverse().Select(grant => grant.Id));
    }

    [Fact]
    public void Paid_credit_of_a_better_priority_leaves_promotional_credit_only_the_rest()
    {
        var draft = Draft(Line(100));

        // Paid 60 covers 50 net with its 20 % tax; promotional 80 then discounts the other 50.
        var settled = InvoiceSettlement.Settle(draft, [Grant(80, CreditCategory.Promotional, priority: 2), Grant(60, priority: 1)], On(draft, Vat(20)), Now);

        settled.Invoice.Credits.Select(use => (use.Category, use.Amount.Amount)).ShouldBe([(CreditCategory.Paid, 60m), (CreditCategory.Promotional, 50m)]);
        (settled.Invoice.Total.Amount, settled.Invoice.Due.Amount).ShouldBe((60m, 0m));
    }

    [Fact]
    public void A_grant_for_a_metric_pays_only_its_lines()
    {
        var settled = InvoiceSettlement.Settle(Draft(Line(30, metric: Calls), Line(70)), [Grant(50, scope: new CreditScope { Metrics = [Calls] })], TaxDecision.None, Now);

        (settled.Invoice.Paid.Amount, settled.Grants.Single().Balance.Amount).ShouldBe((30m, 20m));
    }

    [Fact]
    public void What_does_not_count_yet_or_any_more_is_left_alone()
    {
        CreditGrant[] grants = [Grant(5, expires: Now), Grant(5) with { Period = new GrantPeriod(Now + Duration.Epsilon) }, Grant(5) with { Amount = Money.Of(5, Currency.Parse("EUR")) }];

        InvoiceSettlement.Settle(Draft(Line(30)), grants, TaxDecision.None, Now).Invoice.Credits.ShouldBeEmpty();
    }

    [Fact]
    public void An_invoice_that_credit_pays_whole_is_paid_as_it_is_issued()
    {
        var issued = InvoiceSettlement.Settle(Draft(Line(30)), [Grant(30)], TaxDecision.None, Now).Invoice.Issue(Now, 14);

        (issued.Status, issued.Due.IsZero).ShouldBe((InvoiceStatus.Paid, true));
        var part = InvoiceSettlement.Settle(Draft(Line(30)), [Grant(29)], TaxDecision.None, Now).Invoice.Issue(Now, 14);
        (part.Status, part.Due.Amount).ShouldBe((InvoiceStatus.PartiallyPaid, 1m));
        part.MarkOverdue(Now + Duration.FromDays(15)).Status.ShouldBe(InvoiceStatus.Overdue);
        part.Cancel().Due.IsZero.ShouldBeTrue();
    }

    [Theory]
    [InlineData(12, 6, 6, 3.78, 10.26, 122.04)]
    [InlineData(120, 60, 60, 0, 0, 0)]
    public void What_a_maximum_takes_off_its_usage_bears_no_share(decimal off, decimal ofFee, decimal ofUsage, decimal taxOfFee, decimal taxOfUsage, decimal total)
    {
        // A fee of 60 at 7 % and usage of 100 at 19 % that costs 60 at most: as much of the one as of the other is taken off, and where all is, no tax is left.
        var (price, reduced, standard) = (EntityId.New<PriceId>(), Vat(7), Vat(19));
        var lines = new[] { Line(60), Line(100) with { Price = price }, Line(-40) with { Price = price } };
        var taxes = new TaxDecision([[reduced], [standard], [standard]]);

        Invoice[] both = [
            InvoiceSettlement.Settle(CouponDiscounts.Apply(Draft(lines), [Off(off)]), [], taxes, Now).Invoice,
            InvoiceSettlement.Settle(Draft(lines), [Grant(off, CreditCategory.Promotional)], taxes, Now).Invoice];

        Cents(both[0].Lines.Select(line => line.Discount)).ShouldBe([ofFee, ofUsage, 0]);
        Cents(both[1].Lines.Select(line => line.Credit)).ShouldBe([ofFee, ofUsage, 0]);
        both.ShouldAllBe(invoice => invoice.TaxLines.Single(line => line.Tax == reduced).Amount.Amount == taxOfFee && invoice.TaxLines.Single(line => line.Tax == standard).Amount.Amount == taxOfUsage && invoice.Total.Amount == total);
    }

    [Fact]
    public void A_negative_invoice_takes_no_credit() =>
        InvoiceSettlement.Settle(Draft(Line(30), Line(-40)), [Grant(30), Grant(30, CreditCategory.Promotional)], TaxDecision.None, Now).Invoice.Credits.ShouldBeEmpty();
}
