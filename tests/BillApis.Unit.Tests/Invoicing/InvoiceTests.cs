using BillApis.Invoicing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Invoicing;

public sealed class InvoiceTests
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Now = Instant.FromUtc(2026, 2, 1, 0, 0);

    [Fact]
    public void A_draft_is_issued_with_its_due_date_and_never_again()
    {
        var issued = Draft(12.34m).Issue(Now, 14);

        (issued.Status, issued.IssuedAt, issued.DueAt).ShouldBe((InvoiceStatus.Issued, Now, Now + Duration.FromDays(14)));
        Should.Throw<BillingException>(() => issued.Issue(Now, 14)).Code.ShouldBe(BillingErrorCode.Conflict);
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-09-30T22:00:00Z", 30, "2026-10-30T23:00:00Z")]
    [InlineData("Europe/Berlin", "2026-03-14T23:00:00Z", 30, "2026-04-13T22:00:00Z")]
    [InlineData("Europe/Berlin", "2026-03-28T01:30:00Z", 1, "2026-03-29T01:00:00Z")]
    [InlineData("America/New_York", "2026-11-01T04:00:00Z", 1, "2026-11-02T05:00:00Z")]
    [InlineData("America/New_York", "2026-11-01T06:30:00Z", 0, "2026-11-01T06:30:00Z")]
    public void The_days_to_pay_are_those_of_the_customers_calendar(string zone, string issued, int days, string due) =>
        Draft(1m).Issue(InstantPattern.General.Parse(issued).Value, days, DateTimeZoneProviders.Tzdb[zone]).DueAt.ShouldBe(InstantPattern.General.Parse(due).Value);

    [Fact]
    public void An_invoice_over_nothing_is_paid_at_once() => Draft(0m).Issue(Now, 14).Status.ShouldBe(InvoiceStatus.Paid);

    [Fact]
    public void An_invoice_over_less_than_nothing_is_paid_and_leaves_nothing_due()
    {
        var issued = Draft(-5.01m).Issue(Now, 14);
        (issued.Status, issued.Total.Amount, issued.Granted.Amount, issued.Due.Amount, issued.Paid.Amount).ShouldBe((InvoiceStatus.Paid, -5.01m, 5.01m, 0m, 0m));
        Draft(5m).Issue(Now, 14).Granted.IsZero.ShouldBeTrue();
        Should.Throw<BillingException>(() => issued.TakeBack(EntityId.New<CreditMemoId>(), Money.Of(0.01m, Usd), Now));
    }

    [Fact]
    public void Payments_add_up_to_what_is_due_and_never_beyond()
    {
        var issued = Draft(10m).Issue(Now, 14);

        var half = issued.Pay(Payment(4m, "a"));
        (half.Status, half.Due.Amount).ShouldBe((InvoiceStatus.PartiallyPaid, 6m));
        Should.Throw<BillingException>(() => half.Pay(Payment(6.01m, "b"))).Message.ShouldContain("6.00 USD");
        Should.Throw<BillingException>(() => half.Pay(Payment(0m, "b"))).Code.ShouldBe(BillingErrorCode.Invalid);
        Should.Throw<BillingException>(() => half.Pay(Payment(4m, "a"))).Code.ShouldBe(BillingErrorCode.Conflict);

        var paid = half.Pay(Payment(6m, "b"));
        (paid.Status, paid.PaidAt, paid.Due.IsZero).ShouldBe((InvoiceStatus.Paid, Now, true));
        Should.Throw<BillingException>(() => paid.Pay(Payment(1m, "c"))).Code.ShouldBe(BillingErrorCode.Conflict);
        Should.Throw<BillingException>(() => paid.Cancel()).Code.ShouldBe(BillingErrorCode.Conflict);
    }

    [Fact]
    public void It_is_overdue_only_after_the_due_date_and_can_still_be_paid()
    {
        var issued = Draft(10m).Issue(Now, 1);

        issued.MarkOverdue(Now + Duration.FromDays(1)).ShouldBeSameAs(issued);
        var late = issued.MarkOverdue(Now + Duration.FromDays(1) + Duration.Epsilon);
        late.Status.ShouldBe(InvoiceStatus.Overdue);
        late.Pay(Payment(4m, null)).Status.ShouldBe(InvoiceStatus.Overdue);
        late.Pay(Payment(10m, null)).Status.ShouldBe(InvoiceStatus.Paid);
    }

    [Fact]
    public void Nothing_is_due_of_what_was_given_up_or_withdrawn()
    {
        var issued = Draft(10m).Issue(Now, 1);

        issued.WriteOff().Due.IsZero.ShouldBeTrue();
        issued.Cancel().Due.IsZero.ShouldBeTrue();
        Should.Throw<BillingException>(() => issued.Pay(Payment(1m, null)).Cancel()).Code.ShouldBe(BillingErrorCode.Conflict);
        Should.Throw<BillingException>(() => Draft(1m).WriteOff()).Code.ShouldBe(BillingErrorCode.Conflict);
    }

    private static InvoicePayment Payment(decimal amount, string? reference) => new(EntityId.New<PaymentId>(), Money.Of(amount, Usd), reference, Now);

    private static Invoice Draft(decimal amount) => new()
    {
        Id = EntityId.New<InvoiceId>(),
        Tenant = TenantId.Default,
        Customer = EntityId.New<CustomerId>(),
        Kind = InvoiceKind.OneOff,
        Currency = Usd,
        CreatedAt = Now,
        Lines = [new InvoiceLine { Kind = LineKind.OneOff, Description = "Work", Quantity = 1, Amount = Money.Of(amount, Usd) }],
    };
}
