using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing;

public sealed class SubscriptionTests
{
    private static readonly BillingOptions Options = new();
    private static readonly PlanVersion Metered = Plan(Item("calls", new PerUnitPrice(1m), BillingTiming.InArrears, Month, EntityId.New<MetricId>()));
    private static readonly PlanVersion Flat = Plan(Item("base", new FlatPrice(1m), BillingTiming.InAdvance, Month));

    [Fact]
    public void Boundaries_are_billed_one_by_one_and_a_repeat_changes_nothing()
    {
        var start = New(Flat, From(At(2026, 1, 31)));

        var first = start.Billed(At(2026, 1, 31), Flat, Options);
        (first.NextBillingAt, first.BoundariesBilled).ShouldBe((At(2026, 2, 28), 1));
        first.Billed(At(2026, 1, 31), Flat, Options).ShouldBeSameAs(first);
        first.Billed(At(2026, 2, 28), Flat, Options).NextBillingAt.ShouldBe(At(2026, 3, 31));
    }

    [Fact]
    public void A_coupon_is_used_by_the_invoice_that_names_it_and_once_for_a_boundary()
    {
        var coupon = new Coupon { Code = "half", Terms = new CouponTerms { PercentOff = 50, Duration = CouponDuration.Repeating, DurationPeriods = 2 } };
        var start = New(Flat, From(At(2026, 1, 31))).Redeem(coupon, At(2026, 1, 1));
        var (with, without) = (Bill(Flat, start.Timeline, At(2026, 1, 31)) with { Discounts = [new InvoiceDiscount(coupon.Id, "half", Money.Of(0.5m, Usd))] }, Bill(Flat, start.Timeline, At(2026, 1, 31)));

        var first = start.Billed(At(2026, 1, 31), Flat, Options, with);
        first.Coupons.Single().Uses.ShouldBe(1);
        first.Billed(At(2026, 1, 31), Flat, Options, with).ShouldBeSameAs(first);
        start.Billed(At(2026, 1, 31), Flat, Options, without).Coupons.Single().Uses.ShouldBe(0, "it came after the invoice was stored");
        first.Billed(At(2026, 2, 28), Flat, Options, with, countsFor: At(2026, 1, 31)).Coupons.Single().Uses.ShouldBe(1, "the period has it already");
        var second = first.Billed(At(2026, 2, 28), Flat, Options, Bill(Flat, start.Timeline, At(2026, 2, 28)) with { Discounts = with.Discounts });
        (second.Coupons.Single().Uses, second.Coupons.Single().IsUsedUp).ShouldBe((2, true));
        Should.Throw<BillingException>(() => second.Redeem(coupon, At(2026, 3, 1))).Code.ShouldBe(BillingErrorCode.Conflict);
        second.WithoutCoupon(coupon.Id).Coupons.ShouldBeEmpty();
        Should.Throw<BillingException>(() => second.Redeem(new Coupon { Code = "other", Terms = coupon.Terms with { Plans = [EntityId.New<PlanId>()] } }, At(2026, 3, 1))).Message.ShouldContain("plan");
    }

    [Fact]
    public void Canceling_ends_with_the_running_period_and_once()
    {
        var running = New(Flat, From(At(2026, 1, 1))).Billed(At(2026, 1, 1), Flat, Options);

        var canceled = Canceled(running, At(2026, 1, 20));
        canceled.Timeline.EndsAt.ShouldBe(At(2026, 2, 1));
        canceled.StatusAt(At(2026, 1, 31, 23, 59)).ShouldBe(SubscriptionStatus.Active);
        canceled.StatusAt(At(2026, 2, 1)).ShouldBe(SubscriptionStatus.Canceled);
        Should.Throw<BillingException>(() => Canceled(canceled, At(2026, 1, 21))).Code.ShouldBe(BillingErrorCode.Conflict);
        canceled.Billed(At(2026, 2, 1), Flat, Options).IsOver.ShouldBeTrue();
    }

    [Theory]
    [InlineData("2025-12-20T00:00:00Z", "2026-01-01T00:00:00Z")] // before the start: it never starts
    [InlineData("2026-01-05T00:00:00Z", "2026-01-15T00:00:00Z")] // in the trial: with the trial
    public void Before_its_first_period_it_ends_without_a_bill(string now, string end)
    {
        var subscription = New(Flat, From(At(2026, 1, 1)) with { TrialEndAt = At(2026, 1, 15) });

        var canceled = Canceled(subscription, NodaTime.Text.InstantPattern.General.Parse(now).Value);

        canceled.Timeline.EndsAt.ShouldBe(NodaTime.Text.InstantPattern.General.Parse(end).Value);
        canceled.NextBillingAt.ShouldBeNull();
    }

    [Fact]
    public void The_worker_waits_for_late_usage_and_for_the_import_of_a_past_start()
    {
        New(Flat, From(At(2026, 1, 1)), created: At(2026, 1, 1)).AutoBillingAt.ShouldBe(At(2026, 1, 1));
        New(Metered, From(At(2026, 1, 1)), created: At(2026, 1, 1)).Billed(At(2026, 1, 1), Metered, Options).AutoBillingAt.ShouldBe(At(2026, 2, 1, 1));
        New(Metered, From(At(2025, 1, 1)), created: At(2026, 1, 1)).AutoBillingAt.ShouldBe(At(2026, 1, 1, 1));
    }

    [Fact]
    public void Its_status_follows_from_the_time()
    {
        var subscription = New(Flat, From(At(2026, 1, 1), end: At(2026, 3, 1)) with { TrialEndAt = At(2026, 1, 15) });

        subscription.StatusAt(At(2025, 12, 31)).ShouldBe(SubscriptionStatus.Pending);
        subscription.StatusAt(At(2026, 1, 1)).ShouldBe(SubscriptionStatus.Trialing);
        subscription.StatusAt(At(2026, 1, 15)).ShouldBe(SubscriptionStatus.Active);
        subscription.StatusAt(At(2026, 3, 1)).ShouldBe(SubscriptionStatus.Expired);
    }

    private static Subscription Canceled(Subscription subscription, Instant now) =>
        ChangeEntries.Of(new Cancel(), new ChangeContext(subscription, Flat, now)).Aggregate(subscription, (item, entry) => item.Record(entry, Flat, Options));

    private static Subscription New(PlanVersion plan, Timeline timeline, Instant? created = null) => new Subscription
    {
        Id = EntityId.New<SubscriptionId>(),
        Tenant = TenantId.Default,
        Customer = EntityId.New<CustomerId>(),
        Plan = EntityId.New<PlanId>(),
        PlanVersion = 1,
        Currency = Usd,
        Timeline = timeline,
        CreatedAt = created ?? timeline.StartAt,
    }.Schedule(plan, Options);
}
