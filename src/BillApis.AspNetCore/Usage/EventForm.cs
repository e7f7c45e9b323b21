using BillApis.Metering;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>One event, or many under <c>events</c>.</summary>
internal sealed record DeliveryRequest
{
    public System.Collections.Immutable.ImmutableArray<EventForm>? Events { get; init; }
}

/// <summary>One event as it is sent; told to the OpenAPI document, and read by <see cref="EventJson"/>.</summary>
internal sealed record EventForm
{
    public required string Id { get; init; }
    public required string Type { get; init; }
    public string? CustomerId { get; init; }
    public Instant? Timestamp { get; init; }
    public UsageProperties? Properties { get; init; }
    public SubscriptionId? SubscriptionId { get; init; }
    public string? Source { get; init; }
}
