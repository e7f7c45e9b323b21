using System.Collections.Immutable;
using BillApis.Metering;
using BillApis.Pricing;

namespace BillApis.Quickstart;

/// <summary>What is sold, and to whom.</summary>
internal static class Offer
{
    public const string Customer = "acme";
    public const string Plan = "standard";
    public const string ByRow = "by_row";
    public static readonly Currency Currency = Currency.Parse("USD");

    /// <summary>A package for each 1,000 requests, graduated tiers for the first column, volume tiers for the others.</summary>
    private static IEnumerable<(Metric?, PriceModel)> Tiered(Mapping mapping)
    {
        yield return (Requests, new PackagePrice(1_000, 0.40m));
        yield return (Sum(mapping.Values[0], mapping.Values[0]), new GraduatedPrice([new(1_000_000, 0.000_003m, 0), new(10_000_000, 0.000_002_5m, 0), new(null, 0.000_002m, 0)]));
        foreach (var column in mapping.Values.Skip(1))
        {
            yield return (Sum(column, column), new VolumePrice([new(1_000_000, 0.000_015m, 0), new(5_000_000, 0.000_012m, 0), new(null, 0.000_01m, 0)]));
        }
    }

    /// <summary>A flat fee, a package for each 100 rows, and each unit price of the file for the rows that name it.</summary>
    private static IEnumerable<(Metric?, PriceModel)> AtTheirOwnPrice(Mapping mapping, IEnumerable<UsageRow> rows)
    {
        yield return (null, new FlatPrice(5));
        yield return (Requests, new PackagePrice(100, 0.10m));
        foreach (var unitPrice in rows.Select(row => row.Event).OfType<UsageEvent>().Select(item => item.Properties[mapping.Price!]).Distinct().OrderBy(value => value.TryNumber(out var number) ? number : 0))
        {
            var metric = Sum($"at_{unitPrice}", mapping.Values[0]) with { Filters = [new MetricFilter { Property = mapping.Price!, Op = FilterOperator.Eq, Values = [unitPrice] }] };
            yield return (metric, unitPrice.TryNumber(out var amount) ? new PerUnitPrice(amount) : throw new InvalidOperationException());
        }
    }

    private static Metric Requests => new() { Code = "requests", Name = "Requests", EventType = UsageFile.EventType, Aggregation = Aggregation.Count };

    private static Metric Sum(string code, string column) => new() { Code = code, Name = code, EventType = UsageFile.EventType, Aggregation = Aggregation.Sum, Property = column };

    /// <summary>Puts the plan into billing and publishes it.</summary>
    public static async Task CreateAsync(Billing billing, TenantId tenant, Mapping mapping, IReadOnlyList<UsageRow> rows)
    {
        var atTheirOwnPrice = mapping.Price is not null;
        var items = ImmutableArray.CreateBuilder<PlanItem>();
        foreach (var (metric, model) in atTheirOwnPrice ? AtTheirOwnPrice(mapping, rows) : Tiered(mapping))
        {
            // A cloud bill corrects itself by rows below zero; the sample's columns cannot be negative.
            var counted = metric is null ? null : await billing.Metrics.CreateAsync(tenant, metric with { AllowNegative = atTheirOwnPrice && metric.Property is not null });
            var terms = new PriceTerms { Currency = Currency, Model = model, Timing = BillingTiming.InArrears, AllowNegative = atTheirOwnPrice };
            var price = new Price { Code = counted?.Code ?? "platform", Metric = counted?.Id, Terms = terms };
            items.Add(new PlanItem(await billing.Prices.CreateAsync(tenant, price)));
        }

        if (atTheirOwnPrice)
        {
            await billing.Metrics.CreateAsync(tenant, Sum(ByRow, mapping.Values[0]) with { GroupBy = [UsageFile.Row, mapping.Price!], AllowNegative = true });
        }

        await billing.Plans.CreateAsync(tenant, new Plan { Code = Plan, Name = "Standard", Currency = Currency, Versions = [new PlanVersion(1, items.ToImmutable())] });
        await billing.Plans.PublishAsync(tenant, Plan);
        await billing.Customers.CreateAsync(tenant, new Customer { Name = "Acme", ExternalId = Customer, Currency = Currency });
    }

    /// <summary>The name of each price's model.</summary>
    public static async Task<IReadOnlyDictionary<PriceId, string>> ModelsAsync(Billing billing, TenantId tenant)
    {
        var prices = await billing.Prices.ListAsync(tenant, new StoreQuery { Limit = Limits.PageSize });
        return prices.Items.ToDictionary(price => price.Id, price => price.Terms.Model.Name);
    }
}
