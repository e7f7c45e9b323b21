using System.Collections.Immutable;
using System.Text.Json.Nodes;
using BillApis.Invoicing;
using BillApis.Tests.Vectors;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>A peer's invoice in our terms: whatever a coupon or a wallet is limited to is a product of its own here.</summary>
internal sealed class PeerInvoice(Vector vector)
{
    private readonly Dictionary<string, ProductId> _products = [];
    private readonly Dictionary<string, MetricId> _metrics = [];

    public static readonly Instant Now = Instant.FromUtc(2026, 2, 1, 0, 0);

    public Currency Currency { get; } = CurrencyOf((int)vector.Of("scale", 2));

    /// <summary>A currency with that many decimals.</summary>
    public static Currency CurrencyOf(int scale) => Currency.Parse(scale switch { 0 => "JPY", 2 => "USD", 3 => "KWD", 4 => "CLF", _ => throw new InvalidOperationException($"no currency has {scale} decimals") });

    public Money Money(JsonNode? amount) => BillApis.Money.Round(Vector.Number(amount) ?? 0, Currency);

    public ProductId Product(string name) => _products.TryGetValue(name, out var known) ? known : _products[name] = EntityId.New<ProductId>();

    public MetricId Metric(string name) => _metrics.TryGetValue(name, out var known) ? known : _metrics[name] = EntityId.New<MetricId>();

    public Invoice Draft(IEnumerable<(JsonNode? Amount, string? Product, string? Metric)> lines) => new()
    {
        Id = EntityId.New<InvoiceId>(),
        Tenant = TenantId.Default,
        Customer = default,
        Kind = InvoiceKind.OneOff,
        Currency = Currency,
        CreatedAt = Now,
        Lines = [.. lines.Select(line => new InvoiceLine
        {
            Kind = LineKind.OneOff,
            Description = line.Product ?? "",
            Quantity = 1,
            Amount = Money(line.Amount),
            Product = line.Product is null ? null : Product(line.Product),
            Metric = line.Metric is null ? null : Metric(line.Metric),
        })],
    };

    public CouponTerms Terms(JsonNode inputs, IEnumerable<string>? products = null) => new()
    {
        PercentOff = Vector.Number(inputs["percent_off"]),
        AmountOff = inputs["amount_off"] is { } amount ? Money(amount) : null,
        Products = products is null ? [] : [.. products.Select(Product)],
    };

    /// <summary>Credit that nothing but the order of the list ranks.</summary>
    public CreditGrant Grant(JsonNode? balance, int rank, CreditScope? scope = null) => new CreditGrant
    {
        Id = EntityId.New<CreditGrantId>(),
        Tenant = TenantId.Default,
        Customer = default,
        Category = CreditCategory.Paid,
        Amount = BillApis.Money.Round(Vector.Number(balance)!.Value, Currency, MidpointRounding.ToZero),
        Balance = BillApis.Money.Zero(Currency),
        Period = new GrantPeriod(Now),
        Priority = rank,
        Scope = scope ?? CreditScope.All,
        AsOf = Now,
        CreatedAt = Now,
    }.Opened();

    public static Tax Tax(decimal percent, bool inclusive = false) => new() { Name = Exact.Format(percent), Country = "XX", Percentage = percent, Inclusive = inclusive };

    public static ImmutableArray<Tax> Taxes(JsonNode? percents) => [.. (percents?.AsArray() ?? []).Select(percent => Tax(Vector.Number(percent)!.Value))];
}
