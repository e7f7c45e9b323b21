using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What a customer may use of one feature at an instant, all that grants it taken together.</summary>
/// <param name="Feature">The feature.</param>
/// <param name="Terms">What is granted together.</param>
/// <param name="Sources">What grants it, an exception alone or else the oldest subscription first; empty where nothing does.</param>
public sealed record GrantedFeature(Feature Feature, Entitlement Terms, ImmutableArray<EntitlementSource> Sources)
{
    /// <summary>The time that use counts in; its end is when the quota begins anew. Null where nothing is counted.</summary>
    public Interval? Window { get; init; }

    /// <summary>The subscription's period, where windows open with the use in it; null where they do not.</summary>
    internal Interval? OpensWithin { get; init; }

    /// <summary>Puts together what grants a feature: switches are on where one is, fixed numbers are the greatest, quotas add up; an exception stands in for everything else.</summary>
    /// <param name="feature">The feature.</param>
    /// <param name="sources">What grants it at the instant, the oldest subscription first.</param>
    /// <param name="zone">The customer's zone.</param>
    /// <param name="at">The instant.</param>
    public static GrantedFeature Of(Feature feature, IReadOnlyList<EntitlementSource> sources, DateTimeZone zone, Instant at)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(feature);
        ImmutableArray<EntitlementSource> counted = sources.LastOrDefault(source => source.Origin is EntitlementOrigin.Override) is { } exception ? [exception] : [.. sources];
        if (counted is not [var first, ..])
        {
            return new GrantedFeature(feature, new Entitlement(feature.Id, EntitlementType.Boolean) { Enabled = false }, []);
        }

        var like = counted.Where(source => source.Terms.Type == first.Terms.Type).ToList();
        var terms = first.Terms.Type switch
        {
            EntitlementType.Boolean => first.Terms with { Enabled = like.Any(source => source.Terms.Enabled) },
            EntitlementType.Static => like.MaxBy(source => source.Terms.Limit)!.Terms,
            _ => first.Terms with { Limit = Allowance(like), Overage = like.Any(source => source.Terms.Overage is Overage.Allow) ? Overage.Allow : Overage.Block },
        };
        if (terms is not { Type: EntitlementType.Metered })
        {
            return new GrantedFeature(feature, terms, counted);
        }

        // Until it is known what was used, none has opened.
        Interval? period = terms.Opens is WindowOpening.Calendar ? null : like[0].Period ?? QuotaWindow.Month(zone, at);
        return new GrantedFeature(feature, terms, counted) { OpensWithin = period, Window = period is { } opens ? new Interval(opens.Start, null) : QuotaWindow.Of(terms.Reset, like[0].Period, zone, at) };
    }

    /// <summary>The quota that sources come to together, each as often as it is granted; null where one has no limit.</summary>
    internal static decimal? Allowance(IReadOnlyList<EntitlementSource> sources) =>
        sources.Any(source => source.Terms.Limit is null) ? null : sources.Sum(source => source.Terms.Limit!.Value * source.Quantity);
}
