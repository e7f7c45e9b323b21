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

    /// <summary>The price of a part of a period: what it comes to together with the part of the same period that was billed before it, less what that one does, so that all parts add up to the whole.</summary>
    /// <param name="price">The price of the whole period, exact.</param>
    /// <param name="part">The part.</param>
    /// <param name="before">The part that was billed before it at the same price without a break; null for none.</param>
    /// <param name="currency">The currency, to whose minor unit both are rounded half away from zero.</param>
    public static Money Part(decimal price, ProrationFactor part, ProrationFactor? before, Currency currency) =>
        before is { } billed ? Money.Round((billed + part).Apply(price), currency) - Money.Round(billed.Apply(price), currency) : Money.Round(part.Apply(price), currency);

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
