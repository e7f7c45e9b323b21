using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Bills;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Balances of the past, worked out by hand.</summary>
public sealed class BalanceHistoryTests
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);

    [Fact]
    public void The_balance_is_what_the_grants_that_counted_had_left()
    {
        // 100 bought on day 0; 40 given on day 2 for days 3 to 6; 70 used on day 4, of which the gift pays 40; the rest of the year nothing.
        var bought = New(100, CreditCategory.Paid, new GrantPeriod(Day(0)), Day(0));
        var gift = New(40, CreditCategory.Promotional, new GrantPeriod(Day(3), Day(6)), Day(2));
        var used = bought.AdvancedTo(Day(4)).Use(Dollars(30), EntityId.New<InvoiceId>(), Day(4));
        var spent = gift.AdvancedTo(Day(4)).Use(Dollars(25), EntityId.New<InvoiceId>(), Day(4));
        CreditEntry[] entries = [.. used.Entries, .. spent.Entries];

        var points = BalanceHistory.At([used with { Entries = [] }, spent with { Entries = [] }], entries, [.. Enumerable.Range(-1, 9).Select(Day)], Usd);

        points.Select(point => (point.Paid.Amount, point.Promotional.Amount)).ShouldBe([
            (0m, 0m), (100m, 0m), (100m, 0m), (100m, 0m), (100m, 40m), (70m, 15m), (70m, 15m), (70m, 0m), (70m, 0m)]);
        points[4].Total.Amount.ShouldBe(140m);
    }

    [Fact]
    public void What_fell_due_by_itself_since_the_last_entry_counts()
    {
        var grant = New(50, CreditCategory.Paid, new GrantPeriod(Day(0), Day(90)), Day(0)) with { Recurrence = new GrantRecurrence(new BillingInterval(IntervalUnit.Month, 1), Dollars(20)) };

        var points = BalanceHistory.At([grant with { Entries = [] }], grant.Entries, [Day(30), Day(31), Day(89), Day(90)], Usd);

        points.Select(point => point.Total.Amount).ShouldBe([50m, 70m, 70m, 0m]);
        BalanceHistory.At([grant], [], [], Usd).ShouldBeEmpty();
    }

    private static Instant Day(int day) => Start + Duration.FromDays(day);

    private static CreditGrant New(decimal amount, CreditCategory category, GrantPeriod period, Instant created) => new CreditGrant
    {
        Id = EntityId.New<CreditGrantId>(), Tenant = TenantId.Default, Customer = default, Category = category, Amount = Dollars(amount), Balance = Dollars(0), Period = period, AsOf = created, CreatedAt = created,
    }.Opened();
}
