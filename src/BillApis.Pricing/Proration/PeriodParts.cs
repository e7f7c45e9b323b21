using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>Shares a price over the parts of a period, and over what was before and after a change in it.</summary>
public static class PeriodParts
{
    /// <summary>The price of each part of a whole period that is cut at some instants: the parts add up to the whole, to the minor unit.</summary>
    /// <param name="whole">The price of the whole period.</param>
    /// <param name="proration">How parts are measured; by <see cref="Proration.None"/> the first part costs the whole.</param>
    /// <param name="full">The whole period.</param>
    /// <param name="cuts">Where it is cut, rising.</param>
    /// <param name="zone">The zone that days are counted in.</param>
    /// <returns>One amount more than there are cuts.</returns>
    public static ImmutableArray<Money> Split(Money whole, Proration proration, Interval full, IReadOnlyList<Instant> cuts, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(cuts);
        ImmutableArray<Instant> bounds = [full.Start, .. cuts, full.End];
        if (proration is Proration.None)
        {
            return [whole, .. cuts.Select(_ => Money.Zero(whole.Currency))];
        }

        var factors = bounds.Skip(1).Select((end, i) => ProrationFactor.Of(proration, new(bounds[i], end), full, zone)).ToArray();
        var common = factors.Aggregate(1m, (product, factor) => LeastCommonMultiple(product, factor.Denominator));
        return whole.Allocate([.. factors.Select(factor => common / factor.Denominator * factor.Numerator)]);
    }

    /// <summary>What is given back for the unused part of something that was billed in advance: never more than is left of what was billed.</summary>
    /// <param name="amount">The price of the whole period.</param>
    /// <param name="unused">The part that will not be served.</param>
    /// <param name="billed">What was billed for it.</param>
    /// <param name="credited">What of that was given back before.</param>
    public static Money UnusedCredit(decimal amount, ProrationFactor unused, Money billed, Money credited)
    {
        var left = billed - credited;
        var credit = Money.Round(unused.Apply(amount), billed.Currency);
        var bounded = credit > left ? left : credit;
        return bounded.MinorUnits > 0 ? bounded : Money.Zero(billed.Currency);
    }

    private static decimal LeastCommonMultiple(decimal left, decimal right)
    {
        var (a, b) = (left, right);
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return left / a * right;
    }
}
