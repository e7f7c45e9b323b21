using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>How a quantity becomes an amount; one of a closed set of ten.</summary>
public abstract record PriceModel
{
    private protected PriceModel()
    {
    }

    /// <summary>The wire name, for example <c>graduated</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the amount depends on usage; a flat amount does not.</summary>
    public bool IsMetered => PricedBy is not PricedBy.Nothing;

    /// <summary>Whether the amount of each single event matters, in the order in which they happened, rather than one quantity.</summary>
    public bool NeedsEvents => PricedBy is PricedBy.Amounts;

    internal virtual PricedBy PricedBy => PricedBy.Quantity;

    /// <summary>Whether what it prices is money, not units.</summary>
    internal virtual bool IsOfMoney => PricedBy is PricedBy.Amounts;

    /// <summary>Where its tiers end, the first to the last; default where it has none.</summary>
    internal virtual ImmutableArray<decimal?> Bounds => default;

    /// <summary>The unrounded amount of a quantity that is not negative and of which nothing is free any more.</summary>
    internal abstract decimal AmountOf(in Billable usage, RatingLog? log);

    /// <summary>The same for nothing but a quantity; models that need no more than that say so here, once.</summary>
    internal virtual decimal AmountOf(decimal quantity, PriceTerms terms) => AmountOf(new Billable(quantity, terms.FlatWhenZero, default, terms.Profile), null);

    /// <summary>Refuses what cannot be priced with, naming the field.</summary>
    internal abstract void Validate(string path);

    /// <summary>Writes the fields of the model, without its name.</summary>
    internal abstract void Write(Utf8JsonWriter writer);
}
