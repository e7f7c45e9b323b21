using System.Collections.Immutable;
using System.Text.Json.Nodes;
using BillApis.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/plans</c>: plans and their versions.</summary>
internal sealed class PlanEndpoints() : MasterDataEndpoints<Plan, PlanRequest, PlanQuery, PlanResponse>("plans", "Master data")
{
    public override RouteGroupBuilder Map(IEndpointRouteBuilder api)
    {
        var group = base.Map(api);
        group.MapPost("/{id}/publish", PublishAsync).WithSummary("Freeze the draft version; new subscriptions take it");
        group.MapPost("/{id}/versions", AddVersionAsync).WithSummary("Make the next draft version, a copy with the fields that are sent; running subscriptions keep theirs");
        group.MapGet("/{id}/versions", ListVersionsAsync).WithSummary("List the versions of a plan, newest first");
        group.MapMigrations();
        return group;
    }

    internal static async Task<PlanResponse> PublishAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        PlanResponse.From(await billing.Plans.PublishAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal async Task<Created<PlanResponse>> AddVersionAsync(string id, Patch<PlanRequest> patch, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var current = await billing.Plans.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        var sent = patch.Over(Form(current));
        var next = await ApplyAsync(billing, caller.Tenant, sent, current.NextVersion(), cancellationToken).ConfigureAwait(false);
        var added = await billing.Plans.AddVersionAsync(
            caller.Tenant,
            id,
            latest => latest.Version == current.Version ? next : throw BillingException.Changed(Plan.Kind, id),
            cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"plans/{id}/versions", PlanResponse.From(added));
    }

    internal static async Task<Page<PlanVersionResponse>> ListVersionsAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var plan = await billing.Plans.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        return new Page<PlanVersionResponse>([.. plan.Versions.Reverse().Select(PlanVersionResponse.From)], null);
    }

    protected override MasterData<Plan> Of(Billing billing) => billing.Plans;

    protected override async Task<Plan> ApplyAsync(Billing billing, TenantId tenant, Body<PlanRequest> request, Plan? current, CancellationToken cancellationToken)
    {
        var sent = request.Value;
        if (current is null && await billing.Plans.FindAsync(tenant, sent.Code, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"There is a plan with code '{sent.Code}' already.");
        }

        var items = await PlanItems.ReadAsync(billing, tenant, request, cancellationToken).ConfigureAwait(false);
        var entitlements = await EntitlementForm.ReadAsync(billing, tenant, sent.Entitlements, cancellationToken).ConfigureAwait(false);
        var transitions = await TransitionRequest.ReadAsync(billing, tenant, sent.Transitions, cancellationToken).ConfigureAwait(false);
        With(sent, current, items, entitlements, transitions).Validate();
        return With(sent, current, await PlanItems.StoreAsync(billing, tenant, items, cancellationToken).ConfigureAwait(false), entitlements, transitions);
    }

    protected override JsonNode Form(Plan item) => Json(new PlanRequest
    {
        Code = item.Code,
        Name = item.Name,
        Description = item.Description,
        Currency = item.Currency,
        Items = [.. item.Latest.Items.Select(part => new PlanItemRequest { PriceId = part.Price.Id.ToString(), Quantity = part.Quantity })],
        TrialDays = item.Latest.TrialDays,
        Entitlements = [.. item.Latest.Entitlements.Select(EntitlementForm.From)],
        MinimumCommitment = CommitmentForm.From(item.Latest.Commitment),
        UsageThreshold = item.Latest.UsageThreshold?.Amount,
        Transitions = [.. item.Transitions.Select(rule => new TransitionRequest { ToPlanId = rule.To.ToString(), When = rule.When, Proration = rule.Proration })],
        Metadata = item.Metadata,
    });

    protected override PlanResponse Response(Plan item) => PlanResponse.From(item);

    protected override Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, PlanQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(query.ToStoreQuery().With("alias", query.Code).With("status", Wire.Name(query.Status)));

    private static Plan With(PlanRequest sent, Plan? current, ImmutableArray<PlanItem> items, ImmutableArray<Entitlement> entitlements, ImmutableArray<PlanTransition> transitions)
    {
        var currency = sent.Currency ?? current?.Currency ?? (items is [var first, ..] ? first.Price.Terms.Currency : throw BillingException.Field("currency", "is required where there are no items"));
        var plan = (current ?? new Plan { Code = sent.Code, Name = sent.Name, Currency = currency, Versions = [new PlanVersion(1, [])] }) with
        {
            Code = sent.Code,
            Name = sent.Name,
            Description = sent.Description,
            Currency = currency,
            Transitions = transitions,
            Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
        };
        var (commitment, threshold) = (sent.MinimumCommitment?.ToCommitment(currency), sent.UsageThreshold is { } amount ? MoneyCheck.Exactly("usage_threshold", amount, currency) : (Money?)null);
        return IsLike(plan.Latest, items, sent.TrialDays) && (plan.Latest.Commitment, plan.Latest.UsageThreshold) == (commitment, threshold) && plan.Latest.Entitlements.SequenceEqual(entitlements)
            ? plan
            : plan.WithDraft(draft => draft with { Items = items, TrialDays = sent.TrialDays, Commitment = commitment, UsageThreshold = threshold, Entitlements = entitlements });
    }

    private static bool IsLike(PlanVersion version, ImmutableArray<PlanItem> items, int trialDays) =>
        version.TrialDays == trialDays && version.Items.Select(item => (item.Price.Id, item.Quantity)).SequenceEqual(items.Select(item => (item.Price.Id, item.Quantity)));
}
