using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/usage/backfills</c>: usage of the past that is put right as one.</summary>
internal static class BackfillEndpoints
{
    public static void MapBackfills(this IEndpointRouteBuilder api)
    {
        var backfills = api.MapGroup("/usage/backfills").WithTags("Usage").Requires("usage");
        backfills.MapPost("", OpenAsync).WithSummary("Open a backfill of a timeframe; it then takes events, which count once it is applied");
        backfills.MapGet("", ListAsync).WithSummary("List the backfills, newest first");
        backfills.MapGet("/{id}", GetAsync).WithSummary("Read a backfill");
        backfills.MapPost("/{id}/events", AddAsync).WithSummary("Add events to an open backfill, in the forms of /usage/events; nothing of it counts yet");
        backfills.MapGet("/{id}/compare", CompareAsync).WithSummary("What the backfill changes over its timeframe, by customer and metric; changes nothing");
        backfills.MapPost("/{id}/apply", ApplyAsync).WithSummary("Let the backfill count, all at once");
        backfills.MapPost("/{id}/revert", RevertAsync).WithSummary("Give a backfill up, or take it back once it was applied: what counted before counts again");
    }

    internal static async Task<Created<BackfillResponse>> OpenAsync(Body<BackfillRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = body.Value;
        var opened = await billing.Backfills.OpenAsync(
            caller.Tenant,
            new NewUsageBackfill
            {
                Period = Period.Between(sent.From, sent.To),
                Customer = sent.CustomerId, EventType = sent.EventType, Metric = sent.MetricId, ReplaceExisting = sent.ReplaceExisting,
            },
            cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"usage/backfills/{opened.Id}", BackfillResponse.Of(opened, 0));
    }

    internal static async Task<Page<BackfillResponse>> ListAsync(Query<BackfillListQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var page = await billing.Backfills.ListAsync(caller.Tenant, query.Value.ToStoreQuery().With("status", Wire.Name(query.Value.Status)), cancellationToken).ConfigureAwait(false);
        var items = new List<BackfillResponse>();
        foreach (var backfill in page.Items)
        {
            items.Add(await AnswerAsync(backfill, billing, cancellationToken).ConfigureAwait(false));
        }

        return new Page<BackfillResponse>([.. items], page.Next);
    }

    internal static async Task<BackfillResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        await AnswerAsync(await billing.Backfills.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false), billing, cancellationToken).ConfigureAwait(false);

    internal static async Task<Accepted<ReceiptResponse>> AddAsync(string id, Delivery delivery, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var receipt = await billing.Backfills.AddAsync(caller.Tenant, id, delivery.Events, caller.Sender, cancellationToken).ConfigureAwait(false);
        return TypedResults.Accepted((string?)null, ReceiptResponse.From(receipt, delivery));
    }

    internal static async Task<Page<ComparisonResponse>> CompareAsync(string id, Query<Paging> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var page = query.Value.ToStoreQuery();
        return (await billing.Backfills.CompareAsync(caller.Tenant, id, page.Limit, page.After, cancellationToken).ConfigureAwait(false)).Select(ComparisonResponse.From);
    }

    internal static async Task<BackfillResponse> ApplyAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        await AnswerAsync(await billing.Backfills.ApplyAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false), billing, cancellationToken).ConfigureAwait(false);

    internal static async Task<BackfillResponse> RevertAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        await AnswerAsync(await billing.Backfills.RevertAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false), billing, cancellationToken).ConfigureAwait(false);

    private static async Task<BackfillResponse> AnswerAsync(UsageBackfill backfill, Billing billing, CancellationToken cancellationToken) =>
        BackfillResponse.Of(backfill, await billing.Backfills.CountAsync(backfill, cancellationToken).ConfigureAwait(false));
}

internal sealed record BackfillRequest
{
    public required Instant From { get; init; }
    public required Instant To { get; init; }

    /// <summary>The one customer that it is about; all where it is left out.</summary>
    public string? CustomerId { get; init; }

    /// <summary>The one type of events that it is about; all where it is left out.</summary>
    public string? EventType { get; init; }

    /// <summary>A metric whose type of events it is about, instead of event_type.</summary>
    public string? MetricId { get; init; }

    /// <summary>Whether what the timeframe holds already is superseded; otherwise the backfill adds to it.</summary>
    public bool ReplaceExisting { get; init; }
}

internal sealed record BackfillListQuery : Paging
{
    public UsageBackfillStatus? Status { get; init; }
}

internal sealed record BackfillResponse(
    UsageBackfillId Id, UsageBackfillStatus Status, CustomerId? CustomerId, Instant From, Instant To, string? EventType, bool ReplaceExisting, long Events, BackfillEffect? Effect,
    Instant CreatedAt, Instant? AppliedAt, Instant? RevertedAt)
{
    public static BackfillResponse Of(UsageBackfill backfill, long events) => new(
        backfill.Id, backfill.Status, backfill.Customer, backfill.Period.Start, backfill.Period.End, backfill.EventType, backfill.ReplaceExisting, events, backfill.Effect,
        backfill.CreatedAt, backfill.AppliedAt, backfill.RevertedAt);
}

internal sealed record ComparisonResponse(CustomerId CustomerId, MetricId MetricId, decimal QuantityBefore, decimal QuantityAfter, long EventsBefore, long EventsAfter)
{
    public static ComparisonResponse From(BackfillComparison row) => new(row.Customer, row.Metric, row.QuantityBefore, row.QuantityAfter, row.EventsBefore, row.EventsAfter);
}
