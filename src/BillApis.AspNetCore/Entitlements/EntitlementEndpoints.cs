using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Identity;
using BillApis.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/entitlements</c>: who may use what.</summary>
internal static class EntitlementEndpoints
{
    public static void MapEntitlements(this IEndpointRouteBuilder api)
    {
        var entitlements = api.MapGroup("/entitlements").WithTags("Entitlements").Requires("entitlements");
        entitlements.MapGet("", ListAsync).WithSummary("What a customer may use, now or at another time, and what it used of each quota");
        entitlements.MapPost("/check", CheckAsync).Requires("entitlements", Permission.Read).WithSummary("Whether a customer may use so much of a feature now");
        entitlements.MapPost("/overrides", GrantAsync).WithSummary("Make an exception for one customer, which stands in for what its plans grant");
        entitlements.MapGet("/overrides", ListOverridesAsync).WithSummary("List exceptions that are and were, newest first");
        entitlements.MapGet("/overrides/{id}", GetAsync).WithSummary("Read one exception");
        entitlements.MapDelete("/overrides/{id}", EndAsync).WithSummary("Take an exception back; it stays on record");
    }

    internal static async Task<ImmutableArray<EntitlementResponse>> ListAsync(Query<EntitlementQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        [.. (await billing.Entitlements.ListAsync(caller.Tenant, query.Value.CustomerId, query.Value.At, cancellationToken).ConfigureAwait(false)).Select(EntitlementResponse.From)];

    internal static async Task<EntitlementCheckResponse> CheckAsync(Body<EntitlementCheckRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        EntitlementCheckResponse.From(await billing.Entitlements.CheckAsync(caller.Tenant, body.Value.CustomerId, body.Value.FeatureId, body.Value.Quantity, cancellationToken).ConfigureAwait(false));

    internal static async Task<Created<OverrideResponse>> GrantAsync(Body<OverrideRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = body.Value;
        var terms = await sent.ReadAsync(billing, caller.Tenant, "", cancellationToken).ConfigureAwait(false);
        var made = await billing.Entitlements.GrantAsync(
            caller.Tenant, new NewEntitlement(sent.CustomerId, terms) { EffectiveAt = sent.EffectiveAt, ExpiresAt = sent.ExpiresAt, Reason = sent.Reason }, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"entitlements/overrides/{made.Id}", OverrideResponse.From(made));
    }

    internal static async Task<Page<OverrideResponse>> ListOverridesAsync(Query<OverrideQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var filter = query.Value.ToStoreQuery()
            .With("customer_id", (await References.CustomerAsync(billing, caller.Tenant, query.Value.CustomerId, cancellationToken).ConfigureAwait(false))?.Id.ToString())
            .With("feature_id", (await References.FeatureAsync(billing, caller.Tenant, query.Value.FeatureId, cancellationToken).ConfigureAwait(false))?.Id.ToString());
        return (await billing.Entitlements.ListOverridesAsync(caller.Tenant, filter, cancellationToken).ConfigureAwait(false)).Select(OverrideResponse.From);
    }

    internal static async Task<OverrideResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        OverrideResponse.From(await billing.Entitlements.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<OverrideResponse> EndAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        OverrideResponse.From(await billing.Entitlements.EndAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));
}

internal sealed record EntitlementQuery
{
    public required string CustomerId { get; init; }

    /// <summary>As of this instant; now where absent.</summary>
    public Instant? At { get; init; }
}

internal sealed record EntitlementCheckRequest
{
    public required string CustomerId { get; init; }
    public required string FeatureId { get; init; }
    public decimal Quantity { get; init; } = 1;
}

internal sealed record EntitlementCheckResponse(bool Allowed, decimal? Limit, decimal? Used, decimal? Remaining, Instant? ResetsAt, EntitlementReason? Reason)
{
    public static EntitlementCheckResponse From(EntitlementCheck check) => new(check.Allowed, check.Limit, check.Used, check.Remaining, check.ResetsAt, check.Reason);
}

internal sealed record EntitlementResponse(
    FeatureId FeatureId, string FeatureCode, string FeatureName, EntitlementType Type, JsonElement? Value, decimal? Limit, decimal? Used, decimal? Remaining,
    UsageReset? Reset, int? ResetCount, WindowOpening? Opens, Overage? Overage, Instant? ResetsAt, ImmutableArray<EntitlementSourceResponse> Sources)
{
    public static EntitlementResponse From(EntitlementState state)
    {
        var (feature, terms) = (state.Granted.Feature, state.Granted.Terms);
        var isMetered = terms.Type is EntitlementType.Metered;
        return new EntitlementResponse(
            feature.Id, feature.Code, feature.Name, terms.Type, EntitlementForm.ValueOf(terms), terms.Limit, state.Used, state.Remaining, isMetered ? terms.Reset : null,
            isMetered ? terms.ResetCount : null, isMetered ? terms.Opens : null, isMetered ? terms.Overage : null, state.ResetsAt,
            [.. state.Granted.Sources.Select(source => new EntitlementSourceResponse(source.Origin, source.OriginId, source.Terms.Limit, source.Quantity))]);
    }
}

internal sealed record EntitlementSourceResponse(EntitlementOrigin Origin, string OriginId, decimal? Limit, decimal Quantity);

internal sealed record OverrideRequest : EntitlementForm
{
    public required string CustomerId { get; init; }
    public Instant? EffectiveAt { get; init; }
    public Instant? ExpiresAt { get; init; }
    public string? Reason { get; init; }
}

internal sealed record OverrideQuery : Paging
{
    public string? CustomerId { get; init; }
    public string? FeatureId { get; init; }
}

internal sealed record OverrideResponse(
    EntitlementId Id, CustomerId CustomerId, string FeatureId, EntitlementType Type, JsonElement? Value, decimal? Limit, UsageReset Reset, int ResetCount, WindowOpening Opens, Overage Overage,
    Instant EffectiveAt, Instant? ExpiresAt, Instant? EndedAt, string? Reason, Instant CreatedAt)
{
    public static OverrideResponse From(EntitlementOverride made)
    {
        var form = EntitlementForm.From(made.Terms);
        return new OverrideResponse(
            made.Id, made.Customer, form.FeatureId, form.Type, form.Value, form.Limit, form.Reset, form.ResetCount, form.Opens, form.Overage, made.EffectiveAt, made.ExpiresAt, made.EndedAt, made.Reason, made.CreatedAt);
    }
}
