using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>All that the dates and quantities of a subscription's invoices follow from: how it began, and what was recorded since.</summary>
public sealed record Timeline
{
    /// <summary>When the subscription starts.</summary>
    public required Instant StartAt { get; init; }

    /// <summary>The zone in which its periods are computed at first.</summary>
    public required DateTimeZone Zone { get; init; }

    /// <summary>What its periods are aligned to at first.</summary>
    public required BillingAnchor Anchor { get; init; }

    /// <summary>Until when nothing is charged.</summary>
    public Instant? TrialEndAt { get; init; }

    /// <summary>The end that it began with; null where it had none.</summary>
    public Instant? EndAt { get; init; }

    /// <summary>Whether it is pending until its first invoice is paid.</summary>
    public bool AwaitsPayment { get; init; }

    /// <summary>Price code to the quantity that is charged at first instead of the plan's.</summary>
    public ImmutableSortedDictionary<string, decimal> Quantities { get; init; } = ImmutableSortedDictionary<string, decimal>.Empty;

    /// <summary>Price code to the terms that count at first instead of the plan's.</summary>
    public ImmutableSortedDictionary<string, PriceTerms> Prices { get; init; } = ImmutableSortedDictionary<string, PriceTerms>.Empty;

    /// <summary>The least that each interval comes to, by contract, instead of what the plan says.</summary>
    public MinimumCommitment? Commitment { get; init; }

    /// <summary>What was recorded since, in that order; entries are only added.</summary>
    public ImmutableArray<TimelineEntry> Entries { get; init; } = [];

    /// <summary>When the first period begins.</summary>
    [JsonIgnore]
    public Instant BillingStartAt => TrialEndAt ?? StartAt;

    /// <summary>When it ends, or ended, as far as is known; null while it goes on.</summary>
    [JsonIgnore]
    public Instant? EndsAt => Entries.IsEmpty ? EndAt : StateAt(Instant.MaxValue).EndedAt;

    /// <summary>The entries that count, in the order in which they take effect.</summary>
    [JsonIgnore]
    public IEnumerable<TimelineEntry> InEffect
    {
        get
        {
            if (Entries.IsEmpty)
            {
                return [];
            }

            var withdrawn = Entries.Where(entry => entry.Kind is TimelineKind.Withdrawn).Select(entry => entry.Entry).ToHashSet();
            return Entries.Where(entry => !withdrawn.Contains(entry.Number)).OrderBy(entry => entry.At).ThenBy(entry => entry.Number);
        }
    }

    /// <summary>The same with one more entry.</summary>
    public Timeline Add(TimelineEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return this with { Entries = Entries.Add(entry with { Number = Entries.Length }) };
    }

    /// <summary>What was known of it at an instant: a bill of that instant is the same however late it is made.</summary>
    public Timeline KnownAt(Instant at) =>
        Entries.All(entry => IsKnown(entry, at)) ? this : this with { Entries = [.. Entries.Where(entry => IsKnown(entry, at))] };

    /// <summary>Where it is at an instant, as far as is known.</summary>
    public TimelineState StateAt(Instant at)
    {
        TimelineState? state = null;
        foreach (var step in Steps())
        {
            if (step.From > at)
            {
                break;
            }

            state = step.State;
        }

        return state!;
    }

    /// <summary>The zone in which its periods are computed at an instant.</summary>
    public DateTimeZone ZoneAt(Instant at) => Entries.IsEmpty ? Zone : StateAt(at).Zone;

    /// <summary>The earliest instant that usage weighed by time is carried from into a charge: its own, and none before the start.</summary>
    public Instant CarriedFrom(Instant? charge) => Instant.Max(charge ?? StartAt, StartAt);

    /// <summary>The first instant after another at which something that is known takes effect; null where nothing does.</summary>
    public Instant? ChangesAfter(Instant at)
    {
        var first = Instant.Min(After(StartAt), After(BillingStartAt));
        foreach (var step in Steps())
        {
            first = Instant.Min(first, After(step.From));
        }

        return first == Instant.MaxValue ? null : first;

        Instant After(Instant change) => change > at ? change : Instant.MaxValue;
    }

    /// <summary>The stretches of time between two things that happen, with the state in each; from the beginning of time to its end.</summary>
    internal IEnumerable<TimelineStep> Steps()
    {
        var step = new TimelineStep(
            Instant.MinValue,
            new TimelineState { Origin = BillingStartAt, Zone = Zone, Anchor = Anchor, Quantities = Quantities, Prices = Prices, EndAt = EndAt, AwaitsPayment = AwaitsPayment });
        yield return step;
        foreach (var entry in InEffect)
        {
            for (; step.State.NextByItself is { } at && at <= entry.At;)
            {
                yield return step = new TimelineStep(at, step.State.ByItself(at));
            }

            yield return step = new TimelineStep(entry.At, step.State.After(entry, BillingStartAt), entry.IsNews);
        }

        for (; step.State.NextByItself is { } at;)
        {
            yield return step = new TimelineStep(at, step.State.ByItself(at));
        }
    }

    private static bool IsKnown(TimelineEntry entry, Instant at) => entry.RecordedAt <= at || entry.At <= at;
}

/// <summary>The state from an instant on.</summary>
/// <param name="From">The instant.</param>
/// <param name="State">The state.</param>
/// <param name="IsNews">Whether it was recorded after that instant had been billed without it.</param>
internal readonly record struct TimelineStep(Instant From, TimelineState State, bool IsNews = false);
