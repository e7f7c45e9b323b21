using System.Collections.Immutable;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Short ways to write drafts, grants and taxes in tests.</summary>
internal static class Bills
{
    public static readonly Currency Usd = Currency.Parse("USD");
    public static readonly Instant Now = Instant.FromUtc(2026, 2, 1, 0, 0);
    public static readonly CustomerId Acme = EntityId.New<CustomerId>();

    public static Money Dollars(decimal amount) => Money.Of(amount, Usd);

    public static InvoiceLine Line(decimal amount, ProductId? product = null, MetricId? metric = null) =>
        new() { Kind = LineKind.OneOff, Description = "Work", Quantity = 1, Amount = Dollars(amount), Product = product, Metric = metric };

    public static Invoice Draft(params InvoiceLine[] lines) => new()
    {
        Id = EntityId.New<InvoiceId>(),
        Tenant = TenantId.Default,
        Customer = Acme,
        Kind = InvoiceKind.OneOff,
        Currency = Usd,
        CreatedAt = Now,
        Lines = [.. lines],
    };

    public static Redemption Percent(decimal percent, params ProductId[] products) => Redeemed(new CouponTerms { PercentOff = percent, Products = [.. products] });

    public static Redemption Off(decimal amount, params ProductId[] products) => Redeemed(new CouponTerms { AmountOff = Dollars(amount), Products = [.. products] });

    public static Redemption Redeemed(CouponTerms terms, int day = 1) => new(EntityId.New<CouponId>(), "coupon", terms, Instant.FromUtc(2026, 1, day, 0, 0));

    public static CreditGrant Grant(decimal amount, CreditCategory category = CreditCategory.Paid, int priority = 1, Instant? expires = null, CreditScope? scope = null) => new CreditGrant
    {
        Id = EntityId.New<CreditGrantId>(),
        Tenant = TenantId.Default,
        Customer = Acme,
        Category = category,
        Amount = Dollars(amount),
        Balance = Money.Zero(Usd),
        Period = new GrantPeriod(Instant.FromUtc(2026, 1, 1, 0, 0), expires),
        Priority = priority,
        Scope = scope ?? CreditScope.All,
        AsOf = Instant.FromUtc(2026, 1, 1, 0, 0),
        CreatedAt = Instant.FromUtc(2026, 1, 1, 0, 0),
    }.Opened();

    public static Tax Vat(decimal percentage, bool inclusive = false, string name = "VAT", TaxTreatment treatment = TaxTreatment.Standard) =>
        new() { Name = name, Country = "DE", Percentage = percentage, Inclusive = inclusive, Treatment = treatment };

    public static TaxDecision On(Invoice invoice, params Tax[] taxes) => new([.. invoice.Lines.Select(_ => taxes.ToImmutableArray())]);

    public static decimal[] Cents(IEnumerable<Money?> amounts) => [.. amounts.Select(amount => amount?.Amount ?? 0)];
}
