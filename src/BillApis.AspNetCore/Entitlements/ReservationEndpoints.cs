using BillApis.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/entitlements/reservations</c>: limits that hold.</summary>
internal static class ReservationEndpoints
{
    public static void MapReservations(this IEndpointRouteBuilder api)
    {
        var reservations = api.MapGroup("/entitlements/reservations").WithTags("Entitlements").Requires("entitlements");
        reservations.MapPost("", ReserveAsync).WithSummary("Set a part of a quota, or an amount of a spend limit, aside before the work is done; 402 where the limit does not allow it");
        reservations.MapGet("/{id}", GetAsync).WithSummary("Read one reservation");
        reservations.MapPost("/{id}/commit", CommitAsync).WithSummary("Count what was used, and give the rest back");
        reservations.MapPost("/{id}/release", ReleaseAsync).WithSummary("Give a reservation back unused");
    }

    internal static async Task<Created<ReservationResponse>> ReserveAsync(Body<ReservationRequest> body, RequestKey key, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = body.Value;
        var result = await billing.Reservations.ReserveAsync(caller.Tenant, await NewAsync(sent, key, caller, billing, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return result switch
        {
            Allowed allowed => TypedResults.Created($"entitlements/reservations/{allowed.Id}", ReservationResponse.From(allowed.Reservation)),
            Denied denied => throw new HttpRefusal(LimitFailure.Of(denied.Check, StatusCodes.Status402PaymentRequired)),
            _ => throw new HttpRefusal(Failure.DatabaseDown),
        };
    }

    internal static async Task<ReservationResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        ReservationResponse.From(await billing.Reservations.GetAsync(caller.Tenant, IdOf(id), cancellationToken).ConfigureAwait(false));

    internal static async Task<ReservationResponse> CommitAsync(string id, Body<CommitRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var actual = body.Value.Actual ?? (await billing.Reservations.GetAsync(caller.Tenant, IdOf(id), cancellationToken).ConfigureAwait(false)).Quantity;
        return ReservationResponse.From(await billing.Reservations.CommitAsync(caller.Tenant, IdOf(id), actual, cancellationToken).ConfigureAwait(false));
    }

    internal static async Task<ReservationResponse> ReleaseAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        ReservationResponse.From(await billing.Reservations.ReleaseAsync(caller.Tenant, IdOf(id), cancellationToken).ConfigureAwait(false));

    private static async Task<NewReservation> NewAsync(ReservationRequest sent, RequestKey key, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var currency = sent.Currency ?? (await References.CustomerAsync(billing, caller.Tenant, sent.CustomerId, cancellationToken).ConfigureAwait(false))!.Currency;
        return new NewReservation(sent.CustomerId)
        {
            Id = key.Value is { } id ? new ReservationId(id) : null,
            Feature = sent.FeatureId,
            Quantity = sent.Quantity,
            Subscription = sent.SubscriptionId,
            Amount = sent.Amount is { } amount ? MoneyCheck.Exactly("amount", amount, currency) : null,
            Lifetime = Duration.FromSeconds(sent.TtlSeconds),
        };
    }

    private static ReservationId IdOf(string id) => EntityId.TryParse<ReservationId>(id, out var known) ? known : throw BillingException.NotFound("reservation", id);
}

internal sealed record ReservationRequest
{
    public required string CustomerId { get; init; }

    /// <summary>The id or code of the feature; absent for an amount of money.</summary>
    public string? FeatureId { get; init; }

    public decimal Quantity { get; init; } = 1;

    /// <summary>An amount of money instead, held to the customer's spend limits that suspend or block.</summary>
    public decimal? Amount { get; init; }

    /// <summary>The subscription that the amount is spent on: its own limits hold then as well as the customer's.</summary>
    public string? SubscriptionId { get; init; }

    /// <summary>The customer's where absent.</summary>
    public Currency? Currency { get; init; }

    /// <summary>How long it is set aside, in seconds of real time.</summary>
    public int TtlSeconds { get; init; } = 60;
}

internal sealed record CommitRequest
{
    /// <summary>What was used; all that was set aside where absent.</summary>
    public decimal? Actual { get; init; }
}

internal sealed record ReservationResponse(ReservationId Id, CustomerId CustomerId, string Subject, SubscriptionId? SubscriptionId, decimal Quantity, decimal? Limit, ReservationState Status, decimal? Actual, Instant ExpiresAt)
{
    public static ReservationResponse From(Reservation reservation) => new(
        reservation.Id, reservation.Quota.Customer, reservation.Quota.Subject, reservation.Subscription, reservation.Quantity, reservation.Limit, reservation.State, reservation.Actual, reservation.ExpiresAt);
}
