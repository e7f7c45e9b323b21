namespace BillApis.Pricing;

/// <summary>What happened to a quantity on its way to an amount.</summary>
internal enum StepKind
{
    /// <summary>It came in.</summary>
    Quantity,

    /// <summary>It became other units.</summary>
    Conversion,

    /// <summary>Some of it is free.</summary>
    Included,

    /// <summary>A part of it was priced.</summary>
    Tier,

    /// <summary>A part of it lies beyond the last tier, and costs nothing.</summary>
    Beyond,
}

/// <summary>One step of a rating.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Value">The quantity, the units or the free units.</param>
/// <param name="Tier">The priced part, for that kind.</param>
/// <param name="Label">The group that it happened in, or null.</param>
internal sealed record RatingStep(StepKind Kind, decimal Value, RatedTier? Tier = null, string? Label = null);

/// <summary>Collects what a rating did, where someone asks; rating without one allocates nothing.</summary>
internal sealed class RatingLog
{
    private readonly List<RatingStep> _steps = [];

    public IReadOnlyList<RatingStep> Steps => _steps;

    /// <summary>The units that were priced in all.</summary>
    public decimal Billed { get; set; }

    public void Add(RatedTier tier) => _steps.Add(new(StepKind.Tier, tier.Quantity, tier));

    public void AddBeyond(decimal units)
    {
        if (units > 0)
        {
            Billed -= units;
            Add(StepKind.Beyond, units);
        }
    }

    public void Add(StepKind kind, decimal value, string? label = null) => _steps.Add(new(kind, value, null, label));
}
