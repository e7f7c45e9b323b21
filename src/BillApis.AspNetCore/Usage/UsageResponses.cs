using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Metering;
using NodaTime;

namespace BillApis.AspNetCore;

internal sealed record ReceiptResponse(int Accepted, int Duplicates, ImmutableArray<RejectedResponse> Rejected, ImmutableArray<OrphanedResponse> Orphans)
{
    /// <summary>The engine's receipt in the places of the delivery, with what could not even be read.</summary>
    public static ReceiptResponse From(UsageReceipt receipt, Delivery delivery) => new(
        receipt.Accepted,
        receipt.Duplicates,
        [.. receipt.Rejected.Select(item => delivery.Refusal(item.Index, item.Id, new BillingException(item.Code, item.Message), item.Field))
            .Concat(delivery.Unreadable).OrderBy(item => item.Index)],
        [.. receipt.Orphans.Select(item => new OrphanedResponse(delivery.Places[item.Index], item.Id, item.Reason, item.Message))]);
}

/// <summary>An event that was not stored; its line where it came in lines, and the column that the field is read from where there are columns.</summary>
internal sealed record RejectedResponse(int Index, string? Id, string Code, [property: JsonPropertyName("msg")] string Message, string? Field, long? Line, string? Column);

internal sealed record OrphanedResponse(int Index, string Id, OrphanReason Reason, [property: JsonPropertyName("msg")] string Message);

internal sealed record EventResponse(
    string Id, string Type, string? CustomerId, Instant Timestamp, UsageProperties Properties, SubscriptionId? SubscriptionId, string Source, Instant RecordedAt, ImmutableArray<MetricId> MetricIds,
    EventState State, ImmutableArray<CorrectionResponse> Corrections)
{
    public static EventResponse From(StoredEvent stored) => new(
        stored.Event.Id, stored.Event.Type, stored.Event.Customer is "" ? stored.Customer?.ToString() : stored.Event.Customer, stored.Event.Timestamp ?? stored.RecordedAt, stored.Event.Properties, stored.Event.SubscriptionId, stored.Event.Source,
        stored.RecordedAt, stored.Metrics, stored.IsVoided ? EventState.Voided : stored.Corrections.IsEmpty ? EventState.Sent : EventState.Amended, [.. stored.Corrections.Select(CorrectionResponse.From)]);
}

/// <summary>What counts of an event: what was sent, what was amended, or nothing.</summary>
internal enum EventState
{
    Sent,
    Amended,
    Voided,
}

/// <summary>What was said of an event later; the last of them says what counts, and content is null where nothing does.</summary>
internal sealed record CorrectionResponse(UsageCorrectionId Id, CorrectionKind Kind, string? Reason, Instant RecordedAt, CorrectionContent? Content)
{
    public static CorrectionResponse From(EventCorrection correction) => new(
        correction.Id, correction.Content is null ? CorrectionKind.Void : CorrectionKind.Amend, correction.Reason, correction.RecordedAt,
        correction.Content is { } item ? new CorrectionContent(item.Type, item.Customer, item.Timestamp, item.Properties, item.SubscriptionId, correction.Metrics) : null);
}

internal enum CorrectionKind
{
    Void,
    Amend,
}

internal sealed record CorrectionContent(string Type, string CustomerId, Instant? Timestamp, UsageProperties Properties, SubscriptionId? SubscriptionId, ImmutableArray<MetricId> MetricIds);

internal sealed record SummaryResponse(Instant Start, Instant End, ImmutableSortedDictionary<string, string?> Group, decimal Value, long Events)
{
    public static SummaryResponse From(UsageSummaryRow row) => new(row.Window.Start, row.Window.End, row.Group.Values(), row.Value, row.Events);
}

internal sealed record OrphanResponse(EventResponse Event, OrphanReason Reason, MetricId? MetricId, Instant? DiscardedAt, string? DiscardReason)
{
    public static OrphanResponse From(OrphanEvent orphan) => new(EventResponse.From(orphan.Event), orphan.Reason, orphan.Metric, orphan.DiscardedAt, orphan.DiscardReason);
}
