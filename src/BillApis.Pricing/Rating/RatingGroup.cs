using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>The usage of one combination of dimension values, rated.</summary>
/// <param name="Values">The value of each dimension of <see cref="PriceTerms.GroupBy"/>, in order; null where the events have none.</param>
/// <param name="Rated">What it costs.</param>
public sealed record RatingGroup(ImmutableArray<string?> Values, Rated Rated);
