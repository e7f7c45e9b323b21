using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/usage/events/{id}</c>: what is said of events later.</summary>
internal static class CorrectionEndpoints
{
    public static void MapCorrections(this IEndpointRouteBuilder api)
    {
        var events = api.MapGroup("/usage/events/{id}").WithTags("Usage").Requires("usage");
        events.MapGet("", GetAsync).WithSummary("Read an event as it was sent, with all that was said of it later");
        events.MapPost("/void", VoidAsync).WithSummary("Take an event back; it stays on record, and nothing counts in its place");
        events.MapPost("/amend", AmendAsync).WithSummary("Let something else count in the place of an event, which stays on record");
    }

    internal static async Task<EventResponse> GetAsync(string id, Query<EventSourceQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        EventResponse.From(await billing.Usage.EventAsync(caller.Tenant, id, query.Value.Source ?? UsageEvent.DefaultSource, cancellationToken).ConfigureAwait(false));

    internal static async Task<EventResponse> VoidAsync(string id, Query<EventSourceQuery> query, Body<VoidRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        EventResponse.From(await billing.Usage.VoidAsync(caller.Tenant, id, body.Value.Reason, SourceOf(body.Value.Source, query), cancellationToken).ConfigureAwait(false));

    internal static async Task<EventResponse> AmendAsync(string id, Query<EventSourceQuery> query, Body<AmendRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = body.Value;
        var amendment = new UsageAmendment
        {
            Id = id, Source = SourceOf(sent.Source, query), Reason = sent.Reason,
            Type = sent.Type, Customer = sent.CustomerId, Timestamp = sent.Timestamp, Properties = sent.Properties, SubscriptionId = sent.SubscriptionId,
        };
        return EventResponse.From(await billing.Usage.AmendAsync(caller.Tenant, amendment, cancellationToken).ConfigureAwait(false));
    }

    private static string SourceOf(string? sent, Query<EventSourceQuery> query) => sent ?? query.Value.Source ?? UsageEvent.DefaultSource;
}

internal sealed record EventSourceQuery
{
    /// <summary>The system that the event came from; <c>api</c> where it is left out.</summary>
    public string? Source { get; init; }
}

internal sealed record VoidRequest
{
    public string? Source { get; init; }
    public string? Reason { get; init; }
}

/// <summary>What counts in the place of the event; what is left out stays, and properties are all that there are.</summary>
internal sealed record AmendRequest
{
    public string? Source { get; init; }
    public string? Reason { get; init; }
    public string? Type { get; init; }
    public string? CustomerId { get; init; }
    public Instant? Timestamp { get; init; }
    public UsageProperties? Properties { get; init; }
    public SubscriptionId? SubscriptionId { get; init; }
}
