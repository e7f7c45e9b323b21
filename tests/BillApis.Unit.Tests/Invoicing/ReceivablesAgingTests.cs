using BillApis.Invoicing;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing;

public sealed class ReceivablesAgingTests
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Currency Jpy = Currency.Parse("JPY");
    private static readonly Instant Now = Instant.FromUtc(2026, 6, 1, 0, 0);
    private static readonly CustomerId First = EntityId.Derive<CustomerId>(Now, "a");
    private static readonly CustomerId Second = EntityId.Derive<CustomerId>(Now + Duration.FromDays(1), "b");

    [Fact]
    public void What_is_owed_stands_where_its_age_puts_it()
    {
        // Due now is not late, and 30 days late is not 31.
        Invoice[] open =
        [
            Due(First, Usd, 1m, 0), Due(First, Usd, 2m, -5), Due(First, Usd, 10m, 1), Due(First, Usd, 20m, 30), Due(First, Usd, 100m, 31), Due(First, Usd, 1_000m, 90), Due(First, Usd, 10_000m, 91),
            Due(First, Jpy, 7m, 61), Due(Second, Usd, 0.07m, 45),
        ];
        var aging = ReceivablesAging.Of(open, Now);

        aging.Lines.Select(line => (line.Customer, Currency: line.Total.Currency.Code, Amounts: string.Join(' ', line.Buckets.Select(amount => amount.MinorUnits)))).ShouldBe([
            (First, "JPY", "0 0 0 7 0"),
            (First, "USD", "300 3000 10000 100000 1000000"),
            (Second, "USD", "0 0 7 0 0"),
        ]);
        aging.Lines.Sum(line => line.Total.MinorUnits).ShouldBe(7 + 1_113_300 + 7);
    }

    [Fact]
    public void What_is_paid_is_not_owed()
    {
        var invoice = Due(First, Usd, 5m, 3);
        var paid = invoice.Pay(new InvoicePayment(EntityId.New<PaymentId>(), Money.Of(5m, Usd), null, Now));
        ReceivablesAging.Of([paid], Now).Lines.ShouldBeEmpty();
    }

    private static Invoice Due(CustomerId customer, Currency currency, decimal amount, int daysAgo) => new()
    {
        Id = EntityId.New<InvoiceId>(),
        Tenant = TenantId.Default,
        Customer = customer,
        Kind = InvoiceKind.OneOff,
        Currency = currency,
        CreatedAt = Now - Duration.FromDays(200),
        Status = InvoiceStatus.Issued,
        IssuedAt = Now - Duration.FromDays(200),
        DueAt = Now - Duration.FromDays(daysAgo),
        Lines = [new InvoiceLine { Kind = LineKind.OneOff, Description = "Work", Quantity = 1, Amount = Money.Of(amount, currency) }],
    };
}
