using System.Collections.Immutable;
using System.Globalization;
using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>Random prices of one catalogue: fees, seats and usage under every model, with minimums and maximums, in advance and in arrears.</summary>
internal sealed class RandomOffers(Random random, int number)
{
    private readonly Random _random = random;

    /// <summary>So many prices whose codes begin with a word.</summary>
    public IReadOnlyList<Offer> Of(string word, int count) => [.. Enumerable.Range(0, count).Select(place => Offered(Code(word, place), TypeOf(word, place)))];

    /// <summary>The type of the events that such a price counts, where it counts any.</summary>
    public string TypeOf(string word, int place) => $"type-of-{Code(word, place)}";

    /// <summary>One of several things.</summary>
    public T One<T>(params ReadOnlySpan<T> of) => of[_random.Next(of.Length)];

    /// <summary>A number with so many fractional digits.</summary>
    public decimal Decimal(int least, int most, byte scale) => new(_random.Next(least, most + 1), 0, 0, false, scale);

    private string Code(string word, int place) => string.Create(CultureInfo.InvariantCulture, $"{word}-{number}-{place}");

    private Offer Offered(string code, string type)
    {
        var offer = _random.Next(3) switch
        {
            0 => Offer.Fee(code, Decimal(0, 20_000, 2)),
            1 => Offer.Seats(code, Decimal(0, 20_000, 4), _random.Next(0, 40)),
            _ => Offer.Usage(code, type, Model()),
        };
        var (least, most) = (_random.Next(5) == 0 ? Decimal(0, 5_000, 2) : (decimal?)null, _random.Next(5) == 0 ? Decimal(5_000, 90_000, 2) : (decimal?)null);
        var counted = offer.Metric is null ? offer : offer with { Aggregation = One(Aggregation.Sum, Aggregation.Sum, Aggregation.Max, Aggregation.Count) };
        return (counted with { Product = _random.Next(3) == 0 ? string.Create(CultureInfo.InvariantCulture, $"product-{number}") : null }).Having(terms => terms with
        {
            Interval = offer.Metric is null && _random.Next(10) == 0 ? null : One(new BillingInterval(IntervalUnit.Month, 1), new BillingInterval(IntervalUnit.Month, 1), new BillingInterval(IntervalUnit.Week, 2), new BillingInterval(IntervalUnit.Day, 10), new BillingInterval(IntervalUnit.Quarter, 1)),
            Timing = offer.Metric is null ? One(BillingTiming.InAdvance, BillingTiming.InAdvance, BillingTiming.InArrears) : BillingTiming.InArrears,
            Proration = One(Proration.BySecond, Proration.ByDay, Proration.None),
            MinimumAmount = least,
            MaximumAmount = most,
            GroupBy = terms.Model is PerUnitPrice && offer.Metric is not null && _random.Next(2) == 0 ? ["region"] : [],
            IncludedQuantity = offer.Metric is not null && terms.Model is PerUnitPrice or GraduatedPrice && _random.Next(3) == 0 ? Decimal(0, 1_000, 1) : 0,
            FlatWhenZero = terms.Model is GraduatedPrice && _random.Next(3) == 0,
        });
    }

    private PriceModel Model() => _random.Next(8) switch
    {
        0 => new GraduatedPrice(Tiers()),
        1 => new VolumePrice(Tiers()),
        2 => new StairstepPrice([.. Tiers().Select(tier => tier with { UnitAmount = 0, FlatAmount = Decimal(0, 90_000, 2) })]),
        3 => new PackagePrice(Decimal(1, 9_000, 1), Decimal(0, 9_000, 3), One(PackageRounding.Up, PackageRounding.Down)),
        4 => new PercentagePrice(Decimal(0, 900, 2), Decimal(0, 90, 2), _random.Next(0, 3), One<decimal?>(null, Decimal(0, 90_000, 2)), One<decimal?>(null, 0.35m), One<decimal?>(null, 50m)),
        5 => new MatrixPrice(["region"], [new MatrixCell(["eu"], Decimal(0, 9_000, 5)), new MatrixCell(["us"], Decimal(0, 9_000, 5))], Decimal(0, 9_000, 5)),
        6 => new DynamicPrice(null, Decimal(1, 300, 2)),
        _ => new PerUnitPrice(Decimal(0, 90_000, 6)),
    };

    private ImmutableArray<Tier> Tiers()
    {
        var bounds = Enumerable.Range(0, _random.Next(0, 4)).Select(_ => Decimal(1, 90_000, 1)).Distinct().Order().ToList();
        return [.. bounds.Select(bound => (decimal?)bound).Append(null).Select(bound => new Tier(bound, Decimal(0, 90_000, 6), One(0m, Decimal(0, 900, 2))))];
    }
}
