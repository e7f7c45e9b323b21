using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>The period that coupons counted an invoice for is told by its lines.</summary>
public sealed class CountedPeriodTests
{
    private static readonly ChargeSchedule Schedule = ChargeSchedule.Of(From(At(2026, 1, 1)), Plan(Item("calls", new PerUnitPrice(1), BillingTiming.InArrears, Month, EntityId.New<MetricId>())));

    [Fact]
    public void It_is_that_of_the_latest_charge_and_of_the_boundary_where_there_is_none()
    {
        Of(InvoiceKind.Subscription, At(2026, 3, 1), Line(LineKind.Usage, 2), Line(LineKind.Adjustment, 1)).ShouldBe(At(2026, 2, 1));
        Of(InvoiceKind.Subscription, At(2026, 3, 15)).ShouldBe(At(2026, 3, 1));
    }

    [Fact]
    public void Usage_that_early_bills_have_no_rest_of_was_charged_for_its_period() =>
        Of(InvoiceKind.Subscription, At(2026, 3, 1), Line(LineKind.Commitment, 2)).ShouldBe(At(2026, 2, 1));

    [Fact]
    public void What_is_charged_once_is_of_the_instant() => Of(InvoiceKind.Subscription, At(2026, 3, 1), Line(LineKind.Usage, 2), Line(LineKind.Flat, 2) with { Period = null }).ShouldBe(At(2026, 3, 1));

    [Fact]
    public void What_comes_late_to_a_period_that_nothing_was_billed_for_is_beside_it()
    {
        // The boundary of a commitment on 15 March charges nothing itself.
        Of(InvoiceKind.Subscription, At(2026, 3, 15), Line(LineKind.Adjustment, 1)).ShouldBe(At(2026, 3, 1));
        Of(InvoiceKind.Consolidated, At(2026, 3, 15), Line(LineKind.Adjustment, 1)).ShouldBe(At(2026, 3, 1));

        // Usage that was billed early is adjusted as its period ends, and an invoice between boundaries is for what comes late.
        Of(InvoiceKind.Subscription, At(2026, 3, 1), Line(LineKind.Adjustment, 2)).ShouldBe(At(2026, 2, 1));
        Of(InvoiceKind.Supplementary, At(2026, 3, 15), Line(LineKind.Adjustment, 1)).ShouldBe(At(2026, 1, 1));
        Of(InvoiceKind.Progressive, At(2026, 2, 15), Line(LineKind.Adjustment, 2)).ShouldBe(At(2026, 2, 1));
    }

    private static Instant Of(InvoiceKind kind, Instant at, params InvoiceLine[] lines) => Schedule.CountsFor(new Invoice { Id = EntityId.New<InvoiceId>(), Tenant = TenantId.Default, Customer = EntityId.New<CustomerId>(), Kind = kind, Currency = Usd, Lines = [.. lines], CreatedAt = at });

    private static InvoiceLine Line(LineKind kind, int month) => new() { Kind = kind, Description = "calls", Quantity = 1, Amount = Money.Of(1, Usd), Period = new Interval(At(2026, month, 1), At(2026, month + 1, 1)) };
}
