using System.Collections.Immutable;
using BillApis.Identity;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/simulation/invoice</c>: the invoice of usage that need not have happened.</summary>
internal static class SimulationEndpoint
{
    private const int MaxEvents = 1_000_000;

    public static void MapSimulation(this IEndpointRouteBuilder api) =>
        api.MapPost("/admin/simulation/invoice", SimulateAsync).WithTags("Admin").Requires("analytics", Permission.Read).WithSummary("Preview the invoice of a plan for a period and simulated events; nothing is stored");

    internal static async Task<InvoiceResponse> SimulateAsync(Body<SimulationRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = body.Value;
        if (sent.PeriodEnd <= sent.PeriodStart)
        {
            throw BillingException.Field("period_end", "must be after period_start");
        }

        var invoice = await billing.Previews.SimulateAsync(
            caller.Tenant,
            new Simulation(sent.PlanId, new Interval(sent.PeriodStart, sent.PeriodEnd), [.. EventsOf(sent)]) { Customer = sent.CustomerId, Coupons = sent.CouponIds ?? [] },
            cancellationToken).ConfigureAwait(false);
        return InvoiceResponse.From(invoice);
    }

    private static List<UsageEvent> EventsOf(SimulationRequest request)
    {
        var events = new List<UsageEvent>();
        foreach (var (item, index) in (request.SimulatedEvents ?? []).Select((item, index) => (item, index)))
        {
            var path = $"simulated_events[{index}]";
            var count = Count(item, path);
            if (events.Count + count > MaxEvents)
            {
                throw BillingException.Field($"{path}.count", $"makes more than {MaxEvents} events in all");
            }

            var simulated = Read(item, path);
            events.AddRange(Enumerable.Range(events.Count, count).Select(number => simulated with { Id = $"simulated-{number}" }));
        }

        return events;
    }

    private static int Count(ImmutableSortedDictionary<string, PropertyValue> item, string path) =>
        !item.TryGetValue("count", out var count) ? 1
        : count.TryNumber(out var number) && number >= 0 && number <= MaxEvents && number == decimal.Truncate(number) ? (int)number
        : throw BillingException.Field($"{path}.count", $"must be a whole number of 0 to {MaxEvents}");

    private static UsageEvent Read(ImmutableSortedDictionary<string, PropertyValue> item, string path) => new()
    {
        Id = path,
        Type = item.TryGetValue("event_type", out var type) && type.Kind is PropertyKind.Text ? type.Text : throw BillingException.Field($"{path}.event_type", "is required"),
        Customer = path,
        Timestamp = item.TryGetValue("timestamp", out var at) ? Moment(at, path) : null,
        Properties = UsageProperties.Of(item.Where(property => property.Key is not ("event_type" or "count" or "timestamp"))),
    };

    private static Instant Moment(PropertyValue at, string path) =>
        InstantPattern.ExtendedIso.Parse(at.Text) is { Success: true, Value: var moment } ? moment : throw BillingException.Field($"{path}.timestamp", "must be an instant like 2026-02-01T00:00:00Z");
}

internal sealed record SimulationRequest
{
    public string? CustomerId { get; init; }
    public required string PlanId { get; init; }
    public required Instant PeriodStart { get; init; }
    public required Instant PeriodEnd { get; init; }

    public ImmutableArray<string>? CouponIds { get; init; }

    /// <summary>Each with its event_type, and either how many there are or the properties of one.</summary>
    public ImmutableArray<ImmutableSortedDictionary<string, PropertyValue>>? SimulatedEvents { get; init; }
}
