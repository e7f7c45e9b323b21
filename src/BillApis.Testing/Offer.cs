using System.Collections.Immutable;
using BillApis.Metering;
using BillApis.Pricing;

namespace BillApis.Testing;

/// <summary>A price of a plan, as scenarios write it; monthly, in US dollars and prorated by the second unless told otherwise.</summary>
/// <param name="Code">The price's code, which its lines are called by.</param>
/// <param name="Model">How a quantity becomes an amount.</param>
public sealed record Offer(string Code, PriceModel Model)
{
    /// <summary>The quantity of a price without usage.</summary>
    public decimal Quantity { get; init; } = 1;

    /// <summary>The type of the events that are counted; null for a fixed price.</summary>
    public string? Metric { get; init; }

    /// <summary>How events become a quantity, from their property <c>value</c>.</summary>
    public Aggregation Aggregation { get; init; } = Aggregation.Sum;

    /// <summary>The code of the product that it is a price of, which is made with it; null for none.</summary>
    public string? Product { get; init; }

    /// <summary>Changes the terms.</summary>
    public Func<PriceTerms, PriceTerms> With { get; init; } = terms => terms;

    /// <summary>A fee, charged when its period begins.</summary>
    public static Offer Fee(string code, decimal amount) => new(code, new FlatPrice(amount)) { With = terms => terms with { Timing = BillingTiming.InAdvance } };

    /// <summary>A price of each seat, charged when its period begins.</summary>
    public static Offer Seats(string code, decimal amount, decimal quantity = 1) => new(code, new PerUnitPrice(amount)) { Quantity = quantity, With = terms => terms with { Timing = BillingTiming.InAdvance } };

    /// <summary>A price of what was used, charged when its period is over.</summary>
    public static Offer Usage(string code, string type, PriceModel model) => new(code, model) { Metric = type };

    /// <summary>The same with other terms.</summary>
    public Offer Having(Func<PriceTerms, PriceTerms> with) => this with { With = terms => with(With(terms)) };

    /// <summary>The same in another currency.</summary>
    public Offer In(string currency) => Having(terms => terms with { Currency = Currency.Parse(currency) });

    /// <summary>The same for another interval.</summary>
    public Offer Every(IntervalUnit unit, int count = 1) => Having(terms => terms with { Interval = new BillingInterval(unit, count) });

    internal async Task<Price> CreateAsync(Billing billing, TenantId tenant, CancellationToken cancellationToken)
    {
        var terms = With(new PriceTerms { Currency = Currency.Parse("USD"), Model = Model });
        var metric = Metric is null ? null : await billing.Metrics.FindAsync(tenant, Metric, cancellationToken).ConfigureAwait(false) ?? await billing.Metrics.CreateAsync(tenant, new Metric
        {
            Code = Metric, Name = Metric, EventType = Metric, Aggregation = Aggregation, Property = Aggregation is Aggregation.Count ? null : "value", GroupBy = terms.Dimensions, AllowNegative = terms.AllowNegative,
        }, cancellationToken).ConfigureAwait(false);
        var product = Product is null ? null : await billing.Products.FindAsync(tenant, Product, cancellationToken).ConfigureAwait(false) ?? await billing.Products.CreateAsync(tenant, new Product { Code = Product, Name = Product }, cancellationToken).ConfigureAwait(false);
        return await billing.Prices.FindAsync(tenant, Code, cancellationToken).ConfigureAwait(false)
            ?? await billing.Prices.CreateAsync(tenant, new Price { Code = Code, Metric = metric?.Id, Product = product?.Id, Terms = terms }, cancellationToken).ConfigureAwait(false);
    }
}
