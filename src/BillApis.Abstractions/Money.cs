using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;

namespace BillApis;

/// <summary>An exact amount in one currency: always a whole number of minor units, within ±2⁶³ of them.</summary>
/// <remarks>
/// Rates, quantities and intermediate results are plain <see cref="decimal"/>. A number becomes
/// money only through <see cref="Round"/>, so every rounding in the library has a call site.
/// </remarks>
public readonly record struct Money : IComparable<Money>
{
    private Money(long minorUnits, Currency currency) => (MinorUnits, Currency) = (minorUnits, currency);

    /// <summary>The count of minor units, as stored and as sent to payment processors: 1234 for 12.34 USD.</summary>
    public long MinorUnits { get; }

    /// <summary>The currency of the amount.</summary>
    public Currency Currency { get; }

    /// <summary>The amount in major units, for example 12.34 dollars.</summary>
    public decimal Amount => new decimal(MinorUnits) / Scale(Currency);

    /// <summary>Whether there is nothing to pay.</summary>
    public bool IsZero => MinorUnits == 0;

    /// <summary>No money, in the given currency.</summary>
    public static Money Zero(Currency currency) => new(0, currency);

    /// <summary>Money from a count of minor units.</summary>
    public static Money FromMinorUnits(long minorUnits, Currency currency) => new(minorUnits, currency);

    /// <summary>Money from an amount in major units that is already exact.</summary>
    /// <exception cref="ArgumentException">The amount has more digits than the currency allows.</exception>
    /// <exception cref="OverflowException">The amount has more than 2⁶³ minor units.</exception>
    public static Money Of(decimal amount, Currency currency)
    {
        var money = Round(amount, currency);
        return money.Amount == amount
            ? money
            : throw new ArgumentException($"{amount.ToString(CultureInfo.InvariantCulture)} is finer than one {currency} minor unit; use {nameof(Round)}.", nameof(amount));
    }

    /// <summary>Money from an unrounded amount, half away from zero unless told otherwise; the only rounding of money.</summary>
    /// <exception cref="OverflowException">The amount has more than 2⁶³ minor units.</exception>
    public static Money Round(decimal amount, Currency currency, MidpointRounding mode = MidpointRounding.AwayFromZero) =>
#pragma warning disable RS0030 // The one place that rounds money.
        new((long)(decimal.Round(amount, currency.MinorUnitDigits, mode) * Scale(currency)), currency);
#pragma warning restore RS0030

    /// <summary>
    /// Splits this amount by weight without losing a minor unit: every share is cut toward zero, and what is left goes
    /// one unit each to the largest remainders, ties to the earlier.
    /// </summary>
    /// <exception cref="ArgumentException">A weight is negative, or all are zero.</exception>
    public ImmutableArray<Money> Allocate(IReadOnlyList<decimal> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var scaled = WholeNumbers(weights);
        var total = scaled.Aggregate(BigInteger.Zero, (sum, weight) => sum + weight);
        if (total <= 0 || scaled.Any(weight => weight < 0))
        {
            throw new ArgumentException("Weights must not be negative and must add up to more than zero.", nameof(weights));
        }

        var shares = new long[scaled.Length];
        var remainders = new BigInteger[scaled.Length];
        for (var i = 0; i < scaled.Length; i++)
        {
            shares[i] = (long)BigInteger.DivRem(BigInteger.Abs(MinorUnits) * scaled[i], total, out remainders[i]);
        }

        var left = (int)(BigInteger.Abs(MinorUnits) - shares.Aggregate(BigInteger.Zero, (sum, share) => sum + share));
        foreach (var i in Enumerable.Range(0, shares.Length).OrderByDescending(i => remainders[i]).Take(left))
        {
            shares[i]++;
        }

        var (currency, sign) = (Currency, Math.Sign(MinorUnits));
        return [.. shares.Select(share => new Money(share * sign, currency))];
    }

    /// <inheritdoc/>
    public int CompareTo(Money other) => MinorUnits.CompareTo(SameCurrency(this, other).MinorUnits);

    /// <summary>For example <c>12.34 USD</c>, in every culture.</summary>
    public override string ToString() =>
        $"{Amount.ToString("F" + Currency.MinorUnitDigits, CultureInfo.InvariantCulture)} {Currency}";

#pragma warning disable CS1591 // Operators do what they say.
    public static Money operator +(Money left, Money right) => new(left.MinorUnits + SameCurrency(left, right).MinorUnits, left.Currency);
    public static Money operator -(Money left, Money right) => new(left.MinorUnits - SameCurrency(left, right).MinorUnits, left.Currency);
    public static Money operator -(Money value) => new(-value.MinorUnits, value.Currency);
    public static bool operator <(Money left, Money right) => left.CompareTo(right) < 0;
    public static bool operator >(Money left, Money right) => left.CompareTo(right) > 0;
    public static bool operator <=(Money left, Money right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Money left, Money right) => left.CompareTo(right) >= 0;
#pragma warning restore CS1591

    private static Money SameCurrency(Money left, Money right) =>
        left.Currency == right.Currency
            ? right
            : throw new InvalidOperationException($"Cannot combine {left.Currency} with {right.Currency}.");

    private static decimal Scale(Currency currency) => currency.MinorUnitDigits switch { 0 => 1m, 2 => 100m, 3 => 1_000m, _ => 10_000m };

    // Integers in the same proportion, so that equal remainders are equal and a tie is a tie.
    private static BigInteger[] WholeNumbers(IReadOnlyList<decimal> weights)
    {
        var scale = weights.Count == 0 ? 0 : weights.Max(weight => weight.Scale);
        return [.. weights.Select(weight => Exact.Unscaled(weight) * BigInteger.Pow(10, scale - weight.Scale))];
    }
}
