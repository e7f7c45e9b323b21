using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NodaTime;

namespace BillApis.Metering;

/// <summary>Decides about the events of a delivery, without a database: which are refused and why, and what the others add to which metrics.</summary>
internal sealed class Intake(
    IEnumerable<Metric> metrics, IReadOnlyDictionary<string, CustomerId> customers, Instant now, Duration? ahead = null, IReadOnlyDictionary<SubscriptionId, CustomerId>? subscriptions = null)
{
    private const int WorthTwoCores = 128;
    private static readonly Instant Earliest = Instant.FromUtc(2000, 1, 1, 0, 0);
    private readonly Dictionary<string, Metric[]> _metrics = metrics.Where(metric => metric.ArchivedAt is null)
        .GroupBy(metric => metric.EventType, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
    private readonly Duration _ahead = ahead ?? Limits.FutureSkew;

    /// <summary>What every event is stamped with.</summary>
    public bool CountsLate { get; init; }

    /// <summary>Stamps the events of a delivery, in their order; a large one on all cores, since each is decided for itself.</summary>
    public (FieldError? Wrong, StampedEvent? Stamped)[] Stamp(IReadOnlyList<UsageEvent> events)
    {
        var stamped = new (FieldError?, StampedEvent?)[events.Count];
        if (events.Count < WorthTwoCores)
        {
            for (var i = 0; i < stamped.Length; i++)
            {
                stamped[i] = (Stamp(events[i], out var item), item);
            }
        }
        else
        {
            Parallel.For(0, stamped.Length, i => stamped[i] = (Stamp(events[i], out var item), item));
        }

        return stamped;
    }

    /// <summary>What is wrong with the event, or null and the event ready to be stored.</summary>
    /// <param name="item">The event as it was sent.</param>
    /// <param name="stamped">The event to store.</param>
    /// <param name="received">When it arrived, where that was not now.</param>
    public FieldError? Stamp(UsageEvent item, out StampedEvent? stamped, Instant? received = null)
    {
        stamped = null;
        item = Microseconds(item.Timestamp) is var at && at == item.Timestamp ? item : item with { Timestamp = at };
        if (Wrong(item) is { } wrong)
        {
            return wrong;
        }

        if (Measure(item, received ?? now, out var contributions) is { } unmeasurable)
        {
            return unmeasurable;
        }

        var whose = WhoseIs(item);
        var isSubscriptionUnknown = item.SubscriptionId is not null && subscriptions is not null && OwnerOf(item) is var owner && (owner is null || owner != whose);
        stamped = new StampedEvent
        {
            Event = item,
            At = item.Timestamp ?? now,
            RecordedAt = now,
            Hash = ContentHash.Of(item),
            Customer = whose,
            IsSubscriptionUnknown = isSubscriptionUnknown,
            CountsLate = CountsLate,
            Contributions = isSubscriptionUnknown ? [] : contributions,
        };
        return null;
    }

    private FieldError? Measure(UsageEvent item, Instant received, out ImmutableArray<Contribution> contributions)
    {
        contributions = [];
        if (!_metrics.TryGetValue(item.Type, out var all))
        {
            return null;
        }

        var (parts, count) = (new Contribution[all.Length], 0);
        foreach (var metric in all)
        {
            if (!metric.Counts(item))
            {
                continue;
            }

            if ((metric.Skew(item, received) ?? metric.Measure(item, out parts[count])) is { } unmeasurable)
            {
                return unmeasurable;
            }

            count++;
        }

        contributions = ImmutableCollectionsMarshal.AsImmutableArray(count == parts.Length ? parts : parts[..count]);
        return null;
    }

    // An event that names no customer is the one's that its subscription is.
    private CustomerId? WhoseIs(UsageEvent item) => item.Customer is "" ? OwnerOf(item) : customers.TryGetValue(item.Customer, out var customer) ? customer : null;

    private CustomerId? OwnerOf(UsageEvent item) => item.SubscriptionId is { } subscription && subscriptions is not null && subscriptions.TryGetValue(subscription, out var owner) ? owner : null;

    // Stores keep microseconds: whatever is finer must not decide about anything.
    private static Instant? Microseconds(Instant? at) => at is { } value ? Instant.FromUnixTimeTicks(value.ToUnixTimeTicks() - (value.ToUnixTimeTicks() % 10)) : null;

    private FieldError? Wrong(UsageEvent item) =>
        EventText.Code("id", item.Id)
        ?? EventText.Code("type", item.Type)
        ?? (item.Customer is "" ? null : EventText.Code("customer_id", item.Customer))
        ?? EventText.Code("source", item.Source)
        ?? Wrong(item.Timestamp)
        ?? Wrong(item.Properties);

    private FieldError? Wrong(Instant? timestamp) =>
        timestamp < Earliest ? new FieldError("timestamp", "must not be before 2000-01-01")
        : timestamp > now + _ahead ? new FieldError("timestamp", $"must not be more than {_ahead.BclCompatibleTicks / NodaConstants.TicksPerSecond} seconds ahead of the clock, which is at {now}")
        : null;

    private static FieldError? Wrong(UsageProperties properties)
    {
        if (properties.Items.Length > Limits.PropertiesPerEvent)
        {
            return new FieldError("properties", $"must be at most {Limits.PropertiesPerEvent}");
        }

        foreach (var (name, value) in properties.Items)
        {
            if (!(EventText.IsPlain(name, Limits.CodeLength) && EventText.IsPlain(value.Text, Limits.PropertyLength))
                && (EventText.Code("properties", name) ?? EventText.Value($"properties.{name}", value.Text)) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }
}

/// <summary>The texts that every store can keep and compare alike.</summary>
internal static class EventText
{
    /// <summary>Whether nothing can be wrong with a text: printable ASCII, and not too long, as nearly all are.</summary>
    public static bool IsPlain(string text, int length) => text.Length > 0 && text.Length <= length && text[0] != ' ' && !text.AsSpan().ContainsAnyExceptInRange(' ', '~');

    /// <summary>What is wrong with a name or an id, or null.</summary>
    public static FieldError? Code(string field, string? text) =>
        text is not null && IsPlain(text, Limits.CodeLength) ? null
        : string.IsNullOrWhiteSpace(text) ? new FieldError(field, "is required")
        : text.Length > Limits.CodeLength ? new FieldError(field, $"must be at most {Limits.CodeLength} characters long")
        : text.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0 ? new FieldError(field, "must not contain control characters")
        : Unpaired(field, text);

    /// <summary>What is wrong with the text of a property, or null.</summary>
    public static FieldError? Value(string field, string text) =>
        text.Length > Limits.PropertyLength ? new FieldError(field, $"must be at most {Limits.PropertyLength} characters long")
        : text.Contains('\0', StringComparison.Ordinal) ? new FieldError(field, "must not contain the character U+0000")
        : Unpaired(field, text);

    private static FieldError? Unpaired(string field, string text)
    {
        for (var i = text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff'); i >= 0 && i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && (!char.IsHighSurrogate(text[i]) || ++i == text.Length || !char.IsLowSurrogate(text[i])))
            {
                return new FieldError(field, "must be valid Unicode");
            }
        }

        return null;
    }
}
