using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/usage</c>: taking in events and answering how much was used.</summary>
internal static class UsageEndpoints
{
    public static void MapUsage(this IEndpointRouteBuilder api)
    {
        var usage = api.MapGroup("/usage").WithTags("Usage").Requires("usage");
        usage.MapPost("/events", RecordAsync).WithSummary("Take in one event or up to 10,000; good events are kept, the others are named");
        usage.MapGet("/events", ListAsync).WithSummary("List events, the latest timestamp first");
        usage.MapGet("/summary", SummarizeAsync).WithSummary("What a customer used of a metric, window by window");
        api.MapCorrections();
    }

    internal static async Task<Accepted<ReceiptResponse>> RecordAsync(Delivery delivery, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var receipt = await billing.Usage.RecordAsync(caller.Tenant, delivery.Events, caller.Sender, cancellationToken).ConfigureAwait(false);
        return TypedResults.Accepted((string?)null, ReceiptResponse.From(receipt, delivery));
    }

    internal static async Task<Page<EventResponse>> ListAsync(Query<EventQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var (sent, page) = (query.Value, query.Value.ToStoreQuery());
        var events = await billing.Usage.EventsAsync(
            caller.Tenant,
            new UsageQuery
            {
                Customer = (await References.CustomerAsync(billing, caller.Tenant, sent.CustomerId, cancellationToken).ConfigureAwait(false))?.Id,
                Type = sent.Type,
                From = sent.From,
                To = sent.To,
                Limit = page.Limit,
                After = page.After,
            },
            cancellationToken).ConfigureAwait(false);
        return events.Select(EventResponse.From);
    }

    internal static async Task<Page<SummaryResponse>> SummarizeAsync(Query<SummaryQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var rows = await billing.Usage.SummaryAsync(caller.Tenant, query.Value.ToSummary(), cancellationToken).ConfigureAwait(false);
        return new Page<SummaryResponse>([.. rows.Select(SummaryResponse.From)], null);
    }
}

internal sealed record EventQuery : Paging
{
    public string? CustomerId { get; init; }
    public string? Type { get; init; }
    public Instant? From { get; init; }
    public Instant? To { get; init; }
}

internal sealed record SummaryQuery
{
    public required string CustomerId { get; init; }
    public required string MetricId { get; init; }
    public required Instant From { get; init; }
    public required Instant To { get; init; }
    public SubscriptionId? SubscriptionId { get; init; }
    public UsageWindow Window { get; init; }
    public WindowAlignment Align { get; init; }
    public DateTimeZone? Timezone { get; init; }
    public Instant? RecordedFrom { get; init; }
    public Instant? RecordedTo { get; init; }
    public string? GroupBy { get; init; }

    public UsageSummaryQuery ToSummary() => new()
    {
        Customer = CustomerId,
        Metric = MetricId,
        Period = AspNetCore.Period.Between(From, To),
        Subscription = SubscriptionId,
        Window = Window,
        Alignment = Align,
        Zone = Timezone ?? DateTimeZone.Utc,
        Recorded = RecordedFrom is null && RecordedTo is null ? null
            : RecordedFrom >= RecordedTo ? throw BillingException.Field("recorded_to", "must be after recorded_from")
            : new Interval(RecordedFrom, RecordedTo),
        GroupBy = [.. (GroupBy ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
    };
}
