using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/settings</c>: what the tenant chose for itself.</summary>
internal static class SettingsEndpoints
{
    public static void MapSettings(this IEndpointRouteBuilder api)
    {
        var settings = api.MapGroup("/admin/settings").WithTags("Admin").Requires("settings");
        settings.MapGet("", GetAsync).WithSummary("What counts for the tenant: its own choices, and the defaults for the rest");
        settings.MapPatch("", ChangeAsync).WithSummary("Change some of the tenant's choices; null goes back to the default");
    }

    internal static async Task<SettingsResponse> GetAsync(Caller caller, Billing billing, CancellationToken cancellationToken) =>
        SettingsResponse.From(await billing.Settings.GetAsync(caller.Tenant, cancellationToken).ConfigureAwait(false));

    internal static async Task<SettingsResponse> ChangeAsync(Patch<SettingsRequest> patch, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var entity = patch.Sent.TryGetProperty("legal_entity_id", out var sent) && sent.ValueKind is JsonValueKind.String
            ? await References.LegalEntityAsync(billing, caller.Tenant, sent.GetString(), cancellationToken).ConfigureAwait(false)
            : null;
        var plans = await PlansAsync(billing, caller.Tenant, patch.Sent, cancellationToken).ConfigureAwait(false);
        return SettingsResponse.From(await billing.Settings.ChangeAsync(
            caller.Tenant,
            current => patch.Over(JsonSerializer.SerializeToNode(SettingsRequest.Of(current), BillingJson.Options)!).Value.Put(current, entity, plans),
            cancellationToken).ConfigureAwait(false));
    }

    private static async Task<Dictionary<string, PlanId>> PlansAsync(Billing billing, TenantId tenant, JsonElement sent, CancellationToken cancellationToken)
    {
        var plans = new Dictionary<string, PlanId>(StringComparer.Ordinal);
        foreach (var reference in Named("registration_plan_id").Concat(Named("offered_plan_ids")).Distinct())
        {
            plans[reference] = (await billing.Plans.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false)).Id;
        }

        return plans;

        IEnumerable<string> Named(string field) => !sent.TryGetProperty(field, out var value) ? []
            : (value.ValueKind is JsonValueKind.Array ? value.EnumerateArray().Take(Limits.OfferedPlans + 1) : [value]).Where(item => item.ValueKind is JsonValueKind.String).Select(item => item.GetString()!);
    }
}

internal sealed record SettingsRequest
{
    public LateUsagePolicy? LateUsage { get; init; }
    public string? LegalEntityId { get; init; }
    public int? PaymentTermsDays { get; init; }
    public ZeroInvoices? ZeroInvoices { get; init; }
    public int? DraftHours { get; init; }
    public InvoiceApproval? InvoiceApproval { get; init; }

    /// <summary>How many months after a month's end (UTC) its single events are archived, 1 to 1200; the deployment's choice where it is null.</summary>
    public int? UsageRetentionMonths { get; init; }

    /// <summary>The published plan that whoever registers at POST /portal/register begins with; nobody may register while it is null.</summary>
    public string? RegistrationPlanId { get; init; }

    /// <summary>The plans whose prices GET /portal/apis shows to anybody, beside that one.</summary>
    public ImmutableArray<string>? OfferedPlanIds { get; init; }

    public static SettingsRequest Of(TenantSettings settings) => new()
    {
        LateUsage = settings.LateUsage, LegalEntityId = settings.LegalEntity?.ToString(), PaymentTermsDays = settings.PaymentTermsDays, ZeroInvoices = settings.ZeroInvoices,
        DraftHours = settings.DraftHours, InvoiceApproval = settings.InvoiceApproval, UsageRetentionMonths = settings.UsageRetentionMonths,
        RegistrationPlanId = settings.RegistrationPlan?.ToString(), OfferedPlanIds = [.. settings.OfferedPlans.Select(plan => plan.ToString())],
    };

    /// <exception cref="BillingException">A choice is out of its range.</exception>
    public TenantSettings Put(TenantSettings settings, LegalEntity? entity, IReadOnlyDictionary<string, PlanId> plans)
    {
        Check.Range("payment_terms_days", PaymentTermsDays ?? 0, 0, Customer.MaxPaymentTermsDays);
        Check.Range("draft_hours", DraftHours ?? 0, 0, TenantSettings.MaxDraftHours);
        Check.Range("offered_plan_ids", OfferedPlanIds?.Length ?? 0, 0, Limits.OfferedPlans);
        return settings with
        {
            LateUsage = LateUsage,
            LegalEntity = entity is not null ? entity.Id : LegalEntityId is null ? null : settings.LegalEntity,
            PaymentTermsDays = PaymentTermsDays,
            ZeroInvoices = ZeroInvoices ?? default,
            DraftHours = DraftHours ?? 0,
            InvoiceApproval = InvoiceApproval ?? default,
            UsageRetentionMonths = UsageRetentionMonths,
            RegistrationPlan = RegistrationPlanId is null ? null : Plan(RegistrationPlanId),
            OfferedPlans = [.. (OfferedPlanIds ?? []).Select(Plan).Distinct()],
        };

        // What was not sent stands as the id that it was stored with.
        PlanId Plan(string reference) => plans.TryGetValue(reference, out var plan) ? plan : EntityId.Parse<PlanId>(reference);
    }
}

internal sealed record SettingsResponse(
    LateUsagePolicy LateUsage, LegalEntityId? LegalEntityId, int? PaymentTermsDays, ZeroInvoices ZeroInvoices, int DraftHours, InvoiceApproval InvoiceApproval, int? UsageRetentionMonths,
    PlanId? RegistrationPlanId, ImmutableArray<PlanId> OfferedPlanIds)
{
    public static SettingsResponse From(TenantSettings settings) => new(
        settings.LateUsage!.Value, settings.LegalEntity, settings.PaymentTermsDays, settings.ZeroInvoices, settings.DraftHours, settings.InvoiceApproval, settings.UsageRetentionMonths,
        settings.RegistrationPlan, settings.OfferedPlans);
}
