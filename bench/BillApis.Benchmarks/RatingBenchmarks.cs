using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BillApis.Pricing;

namespace BillApis.Benchmarks;

/// <summary>
/// Rating, each model beside a bare loop of the same decimal arithmetic on the same numbers: the ratio is what exactness
/// checks, free units and the choice of a model cost. Each operation rates <see cref="Count"/> quantities.
/// </summary>
[MemoryDiagnoser]
[MinColumn]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class RatingBenchmarks
{
    private const int Count = 1_000;

    private static readonly decimal[] Quantities = [.. Enumerable.Range(1, Count).Select(i => i * 7.25m)];
    private static readonly Tier[] Tiers = [new(500, 0.05m, 1), new(1_500, 0.04m, 0), new(3_000, 0.03m, 0), new(5_000, 0.02m, 0), new(null, 0.01m, 0)];
    private static readonly PriceTerms PerUnit = Terms(new PerUnitPrice(0.0325m));
    private static readonly PriceTerms Graduated = Terms(new GraduatedPrice([.. Tiers]));
    private static readonly PriceTerms Package = Terms(new PackagePrice(100, 1.25m));

    /// <summary>quantity × price.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Count), BenchmarkCategory("per_unit")]
    public decimal BarePerUnit()
    {
        var sum = 0m;
        foreach (var quantity in Quantities)
        {
            sum += quantity * 0.0325m;
        }

        return sum;
    }

    /// <summary>The same by <see cref="Rating"/>.</summary>
    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("per_unit")]
    public decimal RatePerUnit() => Rate(PerUnit);

    /// <summary>min, subtract, multiply and add for each entered tier.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Count), BenchmarkCategory("graduated")]
    public decimal BareGraduated()
    {
        var sum = 0m;
        foreach (var quantity in Quantities)
        {
            var (total, from) = (0m, 0m);
            foreach (var tier in Tiers)
            {
                if (quantity <= from)
                {
                    break;
                }

                var to = tier.UpTo ?? quantity;
                total += ((quantity < to ? quantity : to) - from) * tier.UnitAmount + tier.FlatAmount;
                from = to;
            }

            sum += total;
        }

        return sum;
    }

    /// <summary>The same by <see cref="Rating"/>.</summary>
    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("graduated")]
    public decimal RateGraduated() => Rate(Graduated);

    /// <summary>divide, round up, multiply.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Count), BenchmarkCategory("package")]
    public decimal BarePackage()
    {
        var sum = 0m;
        foreach (var quantity in Quantities)
        {
            sum += decimal.Ceiling(quantity / 100m) * 1.25m;
        }

        return sum;
    }

    /// <summary>The same by <see cref="Rating"/>.</summary>
    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("package")]
    public decimal RatePackage() => Rate(Package);

    /// <summary>What the explanation adds where someone asks for it.</summary>
    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("graduated")]
    public int RateGraduatedAndExplain()
    {
        var lines = 0;
        foreach (var quantity in Quantities)
        {
            lines += Rating.Rate(Graduated, new(quantity)).Steps.Length;
        }

        return lines;
    }

    private static decimal Rate(PriceTerms terms)
    {
        var sum = 0m;
        foreach (var quantity in Quantities)
        {
            sum += Rating.Rate(terms, new(quantity)).Amount;
        }

        return sum;
    }

    private static PriceTerms Terms(PriceModel model) => new PriceTerms { Currency = Currency.Parse("USD"), Model = model }.Validated();
}
