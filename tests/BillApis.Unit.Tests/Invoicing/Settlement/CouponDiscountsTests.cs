using BillApis.Invoicing;
using static BillApis.Unit.Tests.Invoicing.Bills;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Every figure here was worked out by hand.</summary>
public sealed class CouponDiscountsTests
{
    private static readonly ProductId Api = EntityId.New<ProductId>();

    [Fact]
    public void Coupons_for_products_come_before_those_for_plans_and_all_others_the_oldest_first()
    {
        var general = Redeemed(new CouponTerms { PercentOff = 10 }, day: 1);
        var plan = Redeemed(new CouponTerms { AmountOff = Dollars(5), Plans = [EntityId.New<PlanId>()] }, day: 2);
        var product = Redeemed(new CouponTerms { PercentOff = 50, Products = [Api] }, day: 4);
        var older = Redeemed(new CouponTerms { AmountOff = Dollars(10), Products = [Api] }, day: 3);

        var invoice = CouponDiscounts.Apply(Draft(Line(60, Api), Line(40)), [general, plan, product, older]);

        // 60 − 10 = 50, half of it 25; then 25 + 40 − 5 = 60, a tenth of it 6.
        invoice.Discounts.Select(item => (item.Coupon, item.Amount.Amount)).ShouldBe([(older.Coupon, 10m), (product.Coupon, 25m), (plan.Coupon, 5m), (general.Coupon, 6m)]);
        invoice.DiscountTotal.Amount.ShouldBe(46m);
        invoice.Total.Amount.ShouldBe(54m);
    }

    [Fact]
    public void A_coupon_is_spread_by_largest_remainder_and_capped_by_what_is_left()
    {
        // 10.00 over 3.33, 3.33 and 3.34 of 100 each: a third of 10.00 is 3.333…, and the odd cent goes to the first.
        Cents(CouponDiscounts.Apply(Draft(Line(10), Line(10), Line(10)), [Off(10)]).Lines.Select(line => line.Discount)).ShouldBe([3.34m, 3.33m, 3.33m]);
        var spent = CouponDiscounts.Apply(Draft(Line(4), Line(2)), [Off(5), Off(5)]);
        spent.Discounts.Select(item => item.Amount.Amount).ShouldBe([5m, 1m]);
        spent.Total.IsZero.ShouldBeTrue();
        CouponDiscounts.Apply(Draft(Line(0)), [Off(5)]).Discounts.ShouldBeEmpty("nothing is left to take it off");
    }

    [Fact]
    public void A_negative_line_counts_against_what_a_coupon_is_taken_off()
    {
        var invoice = CouponDiscounts.Apply(Draft(Line(80, Api), Line(-30, Api), Line(100)), [Percent(20, Api)]);

        invoice.DiscountTotal.Amount.ShouldBe(10m); // 20 % of 50
        Cents(invoice.Lines.Select(line => line.Discount)).ShouldBe([10m, 0m, 0m]);
    }

    [Fact]
    public void A_percentage_is_rounded_once_half_away_from_zero() =>
        CouponDiscounts.Apply(Draft(Line(0.25m), Line(0.20m)), [Percent(10)]).DiscountTotal.Amount.ShouldBe(0.05m); // 0.045

    [Theory]
    [InlineData(null, null, "percent_off")]
    [InlineData(10, 10, "percent_off")]
    [InlineData(0, null, "percent_off")]
    [InlineData(101, null, "percent_off")]
    [InlineData(null, -1, "amount_off")]
    public void Terms_that_contradict_themselves_are_refused(int? percent, int? amount, string field) =>
        Should.Throw<BillingException>(() => new CouponTerms { PercentOff = percent, AmountOff = amount is { } some ? Dollars(some) : null }.Validate()).Details.Single().Field.ShouldBe(field);

    [Fact]
    public void A_coupon_is_redeemed_as_often_as_it_may_be_in_its_time_and_currency()
    {
        var coupon = new Coupon { Code = "C", Terms = new CouponTerms { AmountOff = Dollars(1) }, MaxRedemptions = 1, RedeemBy = Now };
        var before = Now - NodaTime.Duration.Epsilon;

        Should.Throw<BillingException>(() => coupon.Redeem(Usd, before).Redeem(Usd, before)).Message.ShouldContain("redeemed 1 times");
        Should.Throw<BillingException>(() => coupon.Redeem(Usd, Now)).Code.ShouldBe(BillingErrorCode.Conflict);
        Should.Throw<BillingException>(() => coupon.Redeem(Currency.Parse("EUR"), before)).Message.ShouldContain("not in EUR");
        Should.Throw<BillingException>(() => coupon.Archived(Now).Redeem(Usd, before)).Message.ShouldContain("archived");
    }
}
