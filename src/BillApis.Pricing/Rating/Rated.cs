using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>A rated quantity; its breakdown and its explanation are made when they are asked for.</summary>
/// <param name="Terms">The price.</param>
/// <param name="Input">What was priced.</param>
/// <param name="Amount">What it costs, unrounded.</param>
public readonly record struct Rated(PriceTerms Terms, RatingInput Input, decimal Amount)
{
    private const int UnitDigits = Limits.FractionDigits;

    /// <summary>What each tier contributed, in order; the amounts add up to <see cref="Amount"/>.</summary>
    public ImmutableArray<RatedTier> Tiers => [.. Log().Steps.Select(step => step.Tier).OfType<RatedTier>()];

    /// <summary>The amount of one unit on average, to 12 digits, or 0 where there are none; for display only.</summary>
    public decimal EffectiveUnitAmount =>
        Input.Quantity == 0 ? 0 : Exact.Normalize(Math.Round(Amount / Input.Quantity, UnitDigits, MidpointRounding.AwayFromZero));

    /// <summary>How many units came to be priced, after conversion and free units; for amounts of events, what was not free.</summary>
    public decimal BilledQuantity => Log().Billed;

    /// <summary>How the amount came about, one sentence a step.</summary>
    public ImmutableArray<string> Steps => RatingSteps.Of(this, Log());

    internal RatingLog Log()
    {
        var log = new RatingLog();
        _ = Rating.Amount(Terms, Input, log);
        return log;
    }
}
